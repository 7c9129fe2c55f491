// SPDX-License-Identifier: Apache-2.0
// `log` and `reject`: what a rule says to the outside.
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

extension ExpressionEncoder {
    static func action(_ expression: Expression) throws(EncodingFailure) -> ExpressionHandle {
        switch expression {
        case .log(let parameters):
            guard parameters.prefix.utf8.count <= 127, !parameters.prefix.utf8.contains(0) else {
                throw EncodingFailure(reason: "the log prefix \(parameters.prefix) is longer than 127 bytes")
            }
            let handle = try ExpressionHandle("log")
            handle.set(NFTNL_EXPR_LOG_GROUP, short: parameters.group)
            if !parameters.prefix.isEmpty { try handle.set(NFTNL_EXPR_LOG_PREFIX, name: parameters.prefix) }
            if parameters.snapLength != 0 { handle.set(NFTNL_EXPR_LOG_SNAPLEN, parameters.snapLength) }
            if parameters.queueThreshold != 0 {
                handle.set(NFTNL_EXPR_LOG_QTHRESHOLD, short: parameters.queueThreshold)
            }
            return handle
        case .reject(let kind):
            let handle = try ExpressionHandle("reject")
            switch kind {
            case .icmp(let code):
                handle.set(NFTNL_EXPR_REJECT_TYPE, UInt32(NFT_REJECT_ICMP_UNREACH.rawValue))
                handle.set(NFTNL_EXPR_REJECT_CODE, byte: code)
            case .tcpReset:
                handle.set(NFTNL_EXPR_REJECT_TYPE, UInt32(NFT_REJECT_TCP_RST.rawValue))
            case .icmpx(let code):
                handle.set(NFTNL_EXPR_REJECT_TYPE, UInt32(NFT_REJECT_ICMPX_UNREACH.rawValue))
                handle.set(NFTNL_EXPR_REJECT_CODE, byte: code)
            }
            return handle
        default: throw EncodingFailure(reason: "not a log or reject")
        }
    }
}

extension ExpressionDecoder {
    static func log(_ fields: inout AttributeFields) -> Expression? {
        // Without a group it goes to the kernel's log, which is never ours: level and flags stay behind.
        guard let group = fields.take(NFTA_LOG_GROUP.rawValue)?.network16 else { return nil }
        var parameters = LogParameters(group: group, prefix: "")
        if let prefix = fields.take(NFTA_LOG_PREFIX.rawValue) {
            guard let text = prefix.text else { return nil }
            parameters.prefix = text
        }
        if let length = fields.take(NFTA_LOG_SNAPLEN.rawValue) {
            guard let number = length.network32 else { return nil }
            parameters.snapLength = number
        }
        if let threshold = fields.take(NFTA_LOG_QTHRESHOLD.rawValue) {
            guard let number = threshold.network16 else { return nil }
            parameters.queueThreshold = number
        }
        return .log(parameters)
    }

    static func reject(_ fields: inout AttributeFields) -> Expression? {
        let type = fields.network32(NFTA_REJECT_TYPE.rawValue)
        let code = fields.take(NFTA_REJECT_ICMP_CODE.rawValue)?.byte
        switch (type, code) {
        case (UInt32(NFT_REJECT_ICMP_UNREACH.rawValue), let code?): return .reject(.icmp(code: code))
        case (UInt32(NFT_REJECT_ICMPX_UNREACH.rawValue), let code?): return .reject(.icmpx(code: code))
        // Programs write some code beside a reset; the kernel does not keep it.
        case (UInt32(NFT_REJECT_TCP_RST.rawValue), _): return .reject(.tcpReset)
        default: return nil
        }
    }
}
