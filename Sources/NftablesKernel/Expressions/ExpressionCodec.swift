// SPDX-License-Identifier: Apache-2.0
// Expressions to messages and back: the dispatch, and what an expression that we do not know becomes.
//
// Writing goes through libnftnl, reading through our own attributes. libnftnl passes over attributes that it does not
// know, so a rule with an unknown property would read as one without; here every attribute must be taken by the
// decoder, else the expression becomes `.unknown` with its bytes. It also makes the two directions independent: a wrong
// attribute number on our side cannot agree with itself.
import CMnl
import CNetfilterShims
import Netlink
import NftablesIR

/// Writes expressions; one method a group, in the file of the group.
enum ExpressionEncoder {
    /// Writes one expression as an element of a rule's list.
    static func write(_ expression: Expression, to writer: MessageWriter) throws(EncodingFailure) {
        try writer.nest(NFTA_LIST_ELEM.rawValue) { () throws(EncodingFailure) in
            if case .unknown(let name, let attributes) = expression {
                try writer.name(NFTA_EXPR_NAME.rawValue, name)
                // `mnl_attr_put` of the raw list; the nesting bit only helps readers.
                try writer.bytes(NFTA_EXPR_DATA.rawValue | 0x8000, attributes)
                return
            }
            let handle = try build(expression)
            unsafe handle.write(to: writer.header)
        }
    }

    private static func build(_ expression: Expression) throws(EncodingFailure) -> ExpressionHandle {
        switch expression {
        case .metaLoad, .metaStore: try meta(expression)
        case .payloadLoad, .payloadStore, .extensionHeader, .extensionHeaderStore: try payload(expression)
        case .conntrackLoad, .conntrackStore, .notrack: try conntrack(expression)
        case .compare, .range, .bitwise, .byteOrder: try comparison(expression)
        case .immediate, .verdict, .lookup, .verdictMap: try verdict(expression)
        case .object, .objectMap, .counter, .limit: try stateful(expression)
        case .log, .reject: try action(expression)
        case .unknown: throw EncodingFailure(reason: "an unknown expression has no form of ours")
        }
    }

    /// The kernel's number of a register, in the form in which it dumps them.
    static func number(_ register: Register) throws(EncodingFailure) -> UInt32 {
        guard register.slot < 16 else { throw EncodingFailure(reason: "register slot \(register.slot)") }
        return register.slot % 4 == 0
            ? NFT_REG_1.rawValue + UInt32(register.slot) / 4 : NFT_REG32_00.rawValue + UInt32(register.slot)
    }

    /// A register's value.
    static func bytes(_ value: RegisterValue) throws(EncodingFailure) -> RegisterBytes {
        try RegisterBytes(value.bytes)
    }
}

/// Reads expressions; one method a group, in the file of the group.
///
/// Nil means "not wholly understood".
enum ExpressionDecoder {
    /// Reads one element of a rule's list.
    static func read(_ element: Attribute) throws(MalformedAttributes) -> Expression {
        var fields = try element.nested()
        let name = fields.text(NFTA_EXPR_NAME.rawValue)
        let data = fields.take(NFTA_EXPR_DATA.rawValue)
        guard let name, fields.isExhausted else {
            return .unknown(name: name ?? "", attributes: element.bytes)
        }
        guard let data else { return name == "notrack" ? .notrack : .unknown(name: name, attributes: []) }
        if var inner = try? data.nested(), let expression = known(name, &inner), inner.isExhausted {
            return expression
        }
        return .unknown(name: name, attributes: data.bytes)
    }

    private static func known(_ name: String, _ fields: inout AttributeFields) -> Expression? {
        switch name {
        case "meta": meta(&fields)
        case "payload": payload(&fields)
        case "exthdr": extensionHeader(&fields)
        case "ct": conntrack(&fields)
        case "cmp": compare(&fields)
        case "range": range(&fields)
        case "bitwise": bitwise(&fields)
        case "byteorder": byteOrder(&fields)
        case "immediate": immediate(&fields)
        case "lookup": lookup(&fields)
        case "objref": object(&fields)
        case "counter": counter(&fields)
        case "limit": limit(&fields).map { .limit($0) }
        case "log": log(&fields)
        case "reject": reject(&fields)
        case "notrack": .notrack
        default: nil
        }
    }

    /// Takes a register; the kernel dumps slots 0, 4, 8, 12 as `NFT_REG_1` … `NFT_REG_4` and others as `NFT_REG32_*`.
    static func register(_ fields: inout AttributeFields, _ type: UInt32) -> Register? {
        fields.network32(type).flatMap(slot)
    }

    /// A register by the kernel's number.
    static func slot(_ number: UInt32) -> Register? {
        switch number {
        case NFT_REG_1.rawValue...NFT_REG_4.rawValue: Register(slot: UInt8(4 * (number - NFT_REG_1.rawValue)))
        case NFT_REG32_00.rawValue...NFT_REG32_15.rawValue: Register(slot: UInt8(number - NFT_REG32_00.rawValue))
        default: nil
        }
    }

    /// Takes a value of 1 to 16 bytes.
    static func value(_ fields: inout AttributeFields, _ type: UInt32) -> RegisterValue? {
        guard var inner = try? fields.take(type)?.nested() else { return nil }
        guard let data = inner.take(NFTA_DATA_VALUE.rawValue), inner.isExhausted else { return nil }
        return 1...16 ~= data.count ? RegisterValue(data.bytes) : nil
    }

    /// Reads a verdict (`NFTA_DATA_VERDICT`).
    static func verdict(_ attribute: Attribute?) -> Verdict? {
        guard var data = try? attribute?.nested() else { return nil }
        guard var fields = try? data.take(NFTA_DATA_VERDICT.rawValue)?.nested(), data.isExhausted else { return nil }
        guard let code = fields.network32(NFTA_VERDICT_CODE.rawValue) else { return nil }
        let chain = fields.text(NFTA_VERDICT_CHAIN.rawValue)
        guard fields.isExhausted else { return nil }
        return switch (Int32(bitPattern: code), chain) {
        case (NF_ACCEPT, nil): .accept
        case (NF_DROP, nil): .drop
        case (NFT_CONTINUE.rawValue, nil): .continue
        case (NFT_RETURN.rawValue, nil): .return
        case (NFT_JUMP.rawValue, let chain?): .jump(chain)
        case (NFT_GOTO.rawValue, let chain?): .goto(chain)
        default: nil
        }
    }
}

/// A verdict as the kernel has it: a code and perhaps a chain.
func verdictParts(_ verdict: Verdict) -> (code: Int32, chain: String?) {
    switch verdict {
    case .accept: (NF_ACCEPT, nil)
    case .drop: (NF_DROP, nil)
    case .continue: (NFT_CONTINUE.rawValue, nil)
    case .return: (NFT_RETURN.rawValue, nil)
    case .jump(let chain): (NFT_JUMP.rawValue, chain)
    case .goto(let chain): (NFT_GOTO.rawValue, chain)
    }
}
