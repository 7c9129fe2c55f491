// SPDX-License-Identifier: Apache-2.0
// `ct` and `notrack`: connection tracking read, written and avoided.
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

extension ExpressionEncoder {
    static func conntrack(_ expression: Expression) throws(EncodingFailure) -> ExpressionHandle {
        switch expression {
        case .conntrackLoad(let key, let direction, let register):
            let handle = try ExpressionHandle("ct")
            handle.set(NFTNL_EXPR_CT_KEY, key.rawValue)
            if let direction { handle.set(NFTNL_EXPR_CT_DIR, byte: direction) }
            handle.set(NFTNL_EXPR_CT_DREG, try number(register))
            return handle
        case .conntrackStore(let key, let register):
            let handle = try ExpressionHandle("ct")
            handle.set(NFTNL_EXPR_CT_KEY, key.rawValue)
            handle.set(NFTNL_EXPR_CT_SREG, try number(register))
            return handle
        case .notrack: return try ExpressionHandle("notrack")
        default: throw EncodingFailure(reason: "not a ct expression")
        }
    }
}

extension ExpressionDecoder {
    static func conntrack(_ fields: inout AttributeFields) -> Expression? {
        guard let key = fields.network32(NFTA_CT_KEY.rawValue).map(ConntrackKey.init) else { return nil }
        // A store with a direction (zones) leaves the attribute behind and becomes unknown.
        if let register = register(&fields, NFTA_CT_SREG.rawValue) { return .conntrackStore(key, from: register) }
        guard let register = register(&fields, NFTA_CT_DREG.rawValue) else { return nil }
        let direction = fields.take(NFTA_CT_DIRECTION.rawValue)
        if let direction, direction.byte == nil { return nil }
        return .conntrackLoad(key, direction: direction?.byte, into: register)
    }
}
