// SPDX-License-Identifier: Apache-2.0
// Rules to messages and back: the list of expressions, and the comment in the user data.
import CMnl
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

enum RuleCodec {
    /// The kernel takes no more (kernel facts §7).
    private static let expressionLimit = 128
    /// Of 256 bytes of user data, so that other records find room (DESIGN §4, Origin).
    private static let commentLimit = 200

    static func write(
        _ rule: Rule,
        chain: String,
        table: String,
        to writer: MessageWriter
    ) throws(EncodingFailure) {
        guard rule.expressions.count <= expressionLimit else {
            throw EncodingFailure(reason: "\(rule.expressions.count) expressions in one rule, \(expressionLimit) fit")
        }
        try writer.name(NFTA_RULE_TABLE.rawValue, table)
        try writer.name(NFTA_RULE_CHAIN.rawValue, chain)
        try writer.nest(NFTA_RULE_EXPRESSIONS.rawValue) { () throws(EncodingFailure) in
            for expression in rule.expressions { try ExpressionEncoder.write(expression, to: writer) }
        }
        if let comment = rule.comment {
            try writer.bytes(NFTA_RULE_USERDATA.rawValue, userData(comment: comment))
        }
    }

    static func writeReference(
        chain: String,
        table: String,
        handle: UInt64?,
        to writer: MessageWriter
    ) throws(EncodingFailure) {
        try writer.name(NFTA_RULE_TABLE.rawValue, table)
        try writer.name(NFTA_RULE_CHAIN.rawValue, chain)
        if let handle { writer.long(NFTA_RULE_HANDLE.rawValue, handle) }
    }

    /// A record of type 0 (`NFTNL_UDATA_RULE_COMMENT`), NUL-terminated, which `nft` shows; cut between characters.
    static func userData(comment: String) -> [UInt8] {
        var text: [UInt8] = []
        for scalar in comment.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            guard scalar != "\0", text.count + bytes.count <= commentLimit else { break }
            text += bytes
        }
        return [UInt8(NFTNL_UDATA_RULE_COMMENT.rawValue), UInt8(text.count + 1)] + text + [0]
    }

    /// The comment in user data, if there is one that we can read; other records are other people's.
    static func comment(_ data: [UInt8]) -> String? {
        var position = 0
        while position + 2 <= data.count {
            let end = position + 2 + Int(data[position + 1])
            guard end <= data.count else { return nil }
            if UInt32(data[position]) == NFTNL_UDATA_RULE_COMMENT.rawValue {
                let text = data[(position + 2)..<end].prefix { $0 != 0 }
                return String(validating: text, as: UTF8.self)
            }
            position = end
        }
        return nil
    }

    /// What a dump says about one rule.
    struct Reading {
        var table: String
        var chain: String
        var rule: Rule
        var unknowns: [UnknownProperty]
    }

    static func read(_ fields: inout AttributeFields) -> Reading? {
        guard let table = fields.text(NFTA_RULE_TABLE.rawValue),
            let chain = fields.text(NFTA_RULE_CHAIN.rawValue)
        else { return nil }
        var rule = Rule([])
        rule.handle = fields.network64(NFTA_RULE_HANDLE.rawValue)
        if let list = fields.take(NFTA_RULE_EXPRESSIONS.rawValue) {
            guard let elements = try? list.list() else { return nil }
            rule.expressions.reserveCapacity(elements.count)
            for element in elements {
                guard let expression = try? ExpressionDecoder.read(element) else { return nil }
                rule.expressions.append(expression)
            }
        }
        if let data = fields.take(NFTA_RULE_USERDATA.rawValue) { rule.comment = comment(data.bytes) }
        // The handle of the rule before it is said by the order already.
        fields.discard(NFTA_RULE_POSITION.rawValue, NFTA_RULE_PAD.rawValue)
        let unknowns = fields.isExhausted ? [] : [UnknownProperty("rule in chain \(chain)", leftOver: fields)]
        return Reading(table: table, chain: chain, rule: rule, unknowns: unknowns)
    }
}
