// SPDX-License-Identifier: Apache-2.0
// `payload` and `exthdr`: bytes of the packet into a register and back.
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

extension ExpressionEncoder {
    static func payload(_ expression: Expression) throws(EncodingFailure) -> ExpressionHandle {
        switch expression {
        case .payloadLoad(let base, let offset, let length, let register):
            let handle = try ExpressionHandle("payload")
            place(handle, base, offset, length)
            handle.set(NFTNL_EXPR_PAYLOAD_DREG, try number(register))
            return handle
        case .payloadStore(let base, let offset, let length, let register, let type, let checksumOffset, let flags):
            let handle = try ExpressionHandle("payload")
            place(handle, base, offset, length)
            handle.set(NFTNL_EXPR_PAYLOAD_SREG, try number(register))
            handle.set(NFTNL_EXPR_PAYLOAD_CSUM_TYPE, type)
            handle.set(NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, checksumOffset)
            handle.set(NFTNL_EXPR_PAYLOAD_FLAGS, flags)
            return handle
        case .extensionHeader(let kind, let type, let offset, let length, let testsPresence, let register):
            let handle = try ExpressionHandle("exthdr")
            handle.set(NFTNL_EXPR_EXTHDR_OP, kind.rawValue)
            handle.set(NFTNL_EXPR_EXTHDR_TYPE, byte: type)
            handle.set(NFTNL_EXPR_EXTHDR_OFFSET, offset)
            handle.set(NFTNL_EXPR_EXTHDR_LEN, length)
            handle.set(NFTNL_EXPR_EXTHDR_FLAGS, testsPresence ? NFT_EXTHDR_F_PRESENT.rawValue : 0)
            handle.set(NFTNL_EXPR_EXTHDR_DREG, try number(register))
            return handle
        case .extensionHeaderStore(let kind, let type, let offset, let length, let register):
            let handle = try ExpressionHandle("exthdr")
            handle.set(NFTNL_EXPR_EXTHDR_OP, kind.rawValue)
            handle.set(NFTNL_EXPR_EXTHDR_TYPE, byte: type)
            handle.set(NFTNL_EXPR_EXTHDR_OFFSET, offset)
            handle.set(NFTNL_EXPR_EXTHDR_LEN, length)
            handle.set(NFTNL_EXPR_EXTHDR_SREG, try number(register))
            return handle
        default: throw EncodingFailure(reason: "not a payload expression")
        }
    }

    private static func place(
        _ handle: borrowing ExpressionHandle,
        _ base: PayloadBase,
        _ offset: UInt32,
        _ length: UInt32
    ) {
        handle.set(NFTNL_EXPR_PAYLOAD_BASE, base.rawValue)
        handle.set(NFTNL_EXPR_PAYLOAD_OFFSET, offset)
        handle.set(NFTNL_EXPR_PAYLOAD_LEN, length)
    }
}

extension ExpressionDecoder {
    static func payload(_ fields: inout AttributeFields) -> Expression? {
        guard let base = fields.network32(NFTA_PAYLOAD_BASE.rawValue).flatMap(PayloadBase.init),
            let offset = fields.network32(NFTA_PAYLOAD_OFFSET.rawValue),
            let length = fields.network32(NFTA_PAYLOAD_LEN.rawValue)
        else { return nil }
        if let register = register(&fields, NFTA_PAYLOAD_DREG.rawValue) {
            return .payloadLoad(base, offset: offset, length: length, into: register)
        }
        guard let register = register(&fields, NFTA_PAYLOAD_SREG.rawValue),
            let type = fields.network32(NFTA_PAYLOAD_CSUM_TYPE.rawValue),
            let checksumOffset = fields.network32(NFTA_PAYLOAD_CSUM_OFFSET.rawValue)
        else { return nil }
        return .payloadStore(
            base,
            offset: offset,
            length: length,
            from: register,
            checksumType: type,
            checksumOffset: checksumOffset,
            // The kernel leaves out what is zero here, and only here.
            checksumFlags: fields.network32(NFTA_PAYLOAD_CSUM_FLAGS.rawValue) ?? 0
        )
    }

    static func extensionHeader(_ fields: inout AttributeFields) -> Expression? {
        let target = register(&fields, NFTA_EXTHDR_DREG.rawValue)
        let source = register(&fields, NFTA_EXTHDR_SREG.rawValue)
        guard let register = target ?? source, target == nil || source == nil,
            let type = fields.take(NFTA_EXTHDR_TYPE.rawValue)?.byte,
            let offset = fields.network32(NFTA_EXTHDR_OFFSET.rawValue),
            let length = fields.network32(NFTA_EXTHDR_LEN.rawValue)
        else { return nil }
        // nft leaves flags and kind out when they are zero; the kernel always reports them.
        let flags = fields.network32(NFTA_EXTHDR_FLAGS.rawValue) ?? 0
        guard flags & ~NFT_EXTHDR_F_PRESENT.rawValue == 0,
            let kind = ExtensionHeaderKind(rawValue: fields.network32(NFTA_EXTHDR_OP.rawValue) ?? 0)
        else { return nil }
        if source != nil {
            guard flags == 0 else { return nil }
            return .extensionHeaderStore(kind, type: type, offset: offset, length: length, from: register)
        }
        return .extensionHeader(
            kind,
            type: type,
            offset: offset,
            length: length,
            testsPresence: flags != 0,
            into: register
        )
    }
}
