// SPDX-License-Identifier: Apache-2.0
// `meta`: packet metadata into a register and back.
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

extension ExpressionEncoder {
    static func meta(_ expression: Expression) throws(EncodingFailure) -> ExpressionHandle {
        let handle = try ExpressionHandle("meta")
        switch expression {
        case .metaLoad(let key, let register):
            handle.set(NFTNL_EXPR_META_KEY, key.rawValue)
            handle.set(NFTNL_EXPR_META_DREG, try number(register))
        case .metaStore(let key, let register):
            handle.set(NFTNL_EXPR_META_KEY, key.rawValue)
            handle.set(NFTNL_EXPR_META_SREG, try number(register))
        default: throw EncodingFailure(reason: "not a meta expression")
        }
        return handle
    }
}

extension ExpressionDecoder {
    static func meta(_ fields: inout AttributeFields) -> Expression? {
        guard let key = fields.network32(NFTA_META_KEY.rawValue).map(MetaKey.init) else { return nil }
        if let register = register(&fields, NFTA_META_DREG.rawValue) { return .metaLoad(key, into: register) }
        return register(&fields, NFTA_META_SREG.rawValue).map { .metaStore(key, from: $0) }
    }
}
