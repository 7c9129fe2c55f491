// SPDX-License-Identifier: Apache-2.0
// `cmp`, `range`, `bitwise`, `byteorder`: arithmetic on registers.
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

extension ExpressionEncoder {
    static func comparison(_ expression: Expression) throws(EncodingFailure) -> ExpressionHandle {
        switch expression {
        case .compare(let comparison, let register, let value):
            let handle = try ExpressionHandle("cmp")
            handle.set(NFTNL_EXPR_CMP_SREG, try number(register))
            handle.set(NFTNL_EXPR_CMP_OP, comparison.rawValue)
            handle.set(NFTNL_EXPR_CMP_DATA, try bytes(value))
            return handle
        case .range(let comparison, let register, let low, let high):
            guard comparison == .equal || comparison == .notEqual else {
                throw EncodingFailure(reason: "a range is inside or outside, nothing else")
            }
            let handle = try ExpressionHandle("range")
            handle.set(NFTNL_EXPR_RANGE_SREG, try number(register))
            handle.set(NFTNL_EXPR_RANGE_OP, comparison.rawValue)
            handle.set(NFTNL_EXPR_RANGE_FROM_DATA, try bytes(low))
            handle.set(NFTNL_EXPR_RANGE_TO_DATA, try bytes(high))
            return handle
        case .bitwise(let source, let destination, let mask, let xor):
            guard mask.count == xor.count else { throw EncodingFailure(reason: "mask and xor differ in length") }
            let handle = try ExpressionHandle("bitwise")
            handle.set(NFTNL_EXPR_BITWISE_SREG, try number(source))
            handle.set(NFTNL_EXPR_BITWISE_DREG, try number(destination))
            handle.set(NFTNL_EXPR_BITWISE_OP, CNetfilterShims_NFT_BITWISE_BOOL)
            handle.set(NFTNL_EXPR_BITWISE_LEN, UInt32(mask.count))
            handle.set(NFTNL_EXPR_BITWISE_MASK, try bytes(mask))
            handle.set(NFTNL_EXPR_BITWISE_XOR, try bytes(xor))
            return handle
        case .byteOrder(let source, let destination, let toNetwork, let length, let size):
            let handle = try ExpressionHandle("byteorder")
            handle.set(NFTNL_EXPR_BYTEORDER_SREG, try number(source))
            handle.set(NFTNL_EXPR_BYTEORDER_DREG, try number(destination))
            handle.set(
                NFTNL_EXPR_BYTEORDER_OP,
                toNetwork ? NFT_BYTEORDER_HTON.rawValue : NFT_BYTEORDER_NTOH.rawValue
            )
            handle.set(NFTNL_EXPR_BYTEORDER_LEN, length)
            handle.set(NFTNL_EXPR_BYTEORDER_SIZE, size)
            return handle
        default: throw EncodingFailure(reason: "not a comparison")
        }
    }
}

extension ExpressionDecoder {
    static func compare(_ fields: inout AttributeFields) -> Expression? {
        guard let register = register(&fields, NFTA_CMP_SREG.rawValue),
            let comparison = fields.network32(NFTA_CMP_OP.rawValue).flatMap(Comparison.init),
            let value = value(&fields, NFTA_CMP_DATA.rawValue)
        else { return nil }
        return .compare(comparison, register, value)
    }

    static func range(_ fields: inout AttributeFields) -> Expression? {
        guard let register = register(&fields, NFTA_RANGE_SREG.rawValue),
            let comparison = fields.network32(NFTA_RANGE_OP.rawValue).flatMap(Comparison.init),
            comparison == .equal || comparison == .notEqual,
            let low = value(&fields, NFTA_RANGE_FROM_DATA.rawValue),
            let high = value(&fields, NFTA_RANGE_TO_DATA.rawValue)
        else { return nil }
        return .range(comparison, register, low, high)
    }

    static func bitwise(_ fields: inout AttributeFields) -> Expression? {
        guard let source = register(&fields, NFTA_BITWISE_SREG.rawValue),
            let destination = register(&fields, NFTA_BITWISE_DREG.rawValue),
            let length = fields.network32(NFTA_BITWISE_LEN.rawValue),
            let mask = value(&fields, NFTA_BITWISE_MASK.rawValue),
            let xor = value(&fields, NFTA_BITWISE_XOR.rawValue),
            length == UInt32(mask.count), mask.count == xor.count,
            // nft before 0.9.4 leaves the operation out; shifts and register operands become unknown.
            fields.take(NFTA_BITWISE_OP.rawValue).map({ $0.network32 == CNetfilterShims_NFT_BITWISE_BOOL }) ?? true
        else { return nil }
        return .bitwise(source, into: destination, mask: mask, xor: xor)
    }

    static func byteOrder(_ fields: inout AttributeFields) -> Expression? {
        guard let source = register(&fields, NFTA_BYTEORDER_SREG.rawValue),
            let destination = register(&fields, NFTA_BYTEORDER_DREG.rawValue),
            let operation = fields.network32(NFTA_BYTEORDER_OP.rawValue),
            operation == NFT_BYTEORDER_HTON.rawValue || operation == NFT_BYTEORDER_NTOH.rawValue,
            let length = fields.network32(NFTA_BYTEORDER_LEN.rawValue),
            let size = fields.network32(NFTA_BYTEORDER_SIZE.rawValue)
        else { return nil }
        return .byteOrder(
            source,
            into: destination,
            toNetwork: operation == NFT_BYTEORDER_HTON.rawValue,
            length: length,
            size: size
        )
    }
}
