// SPDX-License-Identifier: Apache-2.0
// `immediate` and `lookup`: constants, verdicts, sets, maps and verdict maps.
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

extension ExpressionEncoder {
    static func verdict(_ expression: Expression) throws(EncodingFailure) -> ExpressionHandle {
        switch expression {
        case .immediate(let register, let value):
            let handle = try ExpressionHandle("immediate")
            handle.set(NFTNL_EXPR_IMM_DREG, try number(register))
            handle.set(NFTNL_EXPR_IMM_DATA, try bytes(value))
            return handle
        case .verdict(let verdict):
            let handle = try ExpressionHandle("immediate")
            let (code, chain) = verdictParts(verdict)
            handle.set(NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT.rawValue)
            handle.set(NFTNL_EXPR_IMM_VERDICT, UInt32(bitPattern: code))
            if let chain { try handle.set(NFTNL_EXPR_IMM_CHAIN, name: chain) }
            return handle
        case .lookup(let set, let key, let destination, let inverted):
            let handle = try ExpressionHandle("lookup")
            try handle.set(NFTNL_EXPR_LOOKUP_SET, name: set)
            handle.set(NFTNL_EXPR_LOOKUP_SREG, try number(key))
            if let destination { handle.set(NFTNL_EXPR_LOOKUP_DREG, try number(destination)) }
            handle.set(NFTNL_EXPR_LOOKUP_FLAGS, inverted ? NFT_LOOKUP_F_INV.rawValue : 0)
            return handle
        case .verdictMap(let set, let key):
            let handle = try ExpressionHandle("lookup")
            try handle.set(NFTNL_EXPR_LOOKUP_SET, name: set)
            handle.set(NFTNL_EXPR_LOOKUP_SREG, try number(key))
            handle.set(NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT.rawValue)
            handle.set(NFTNL_EXPR_LOOKUP_FLAGS, 0)
            return handle
        default: throw EncodingFailure(reason: "not a verdict or look-up")
        }
    }
}

extension ExpressionDecoder {
    static func immediate(_ fields: inout AttributeFields) -> Expression? {
        guard let destination = fields.take(NFTA_IMMEDIATE_DREG.rawValue)?.network32 else { return nil }
        if destination == NFT_REG_VERDICT.rawValue {
            return verdict(fields.take(NFTA_IMMEDIATE_DATA.rawValue)).map { .verdict($0) }
        }
        guard let register = slot(destination), let value = value(&fields, NFTA_IMMEDIATE_DATA.rawValue) else {
            return nil
        }
        return .immediate(register, value)
    }

    static func lookup(_ fields: inout AttributeFields) -> Expression? {
        guard let set = fields.text(NFTA_LOOKUP_SET.rawValue),
            let key = register(&fields, NFTA_LOOKUP_SREG.rawValue)
        else { return nil }
        let flags = fields.network32(NFTA_LOOKUP_FLAGS.rawValue) ?? 0
        // NFTA_LOOKUP_SET_ID names a set of the same batch; it only ever stands beside the name.
        fields.discard(NFTA_LOOKUP_SET_ID.rawValue)
        guard flags & ~NFT_LOOKUP_F_INV.rawValue == 0 else { return nil }
        let inverted = flags != 0
        guard let field = fields.take(NFTA_LOOKUP_DREG.rawValue) else {
            return .lookup(set: set, key: key, into: nil, inverted: inverted)
        }
        guard let destination = field.network32 else { return nil }
        if destination == NFT_REG_VERDICT.rawValue { return inverted ? nil : .verdictMap(set: set, key: key) }
        return slot(destination).map { .lookup(set: set, key: key, into: $0, inverted: inverted) }
    }
}
