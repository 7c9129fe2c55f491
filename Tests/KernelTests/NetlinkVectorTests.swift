// SPDX-License-Identifier: Apache-2.0
// Messages that nft itself sends, recorded by others: read as what they mean, and written by us the same.
import Foundation
import Netlink
import NftablesIR
import TestSupport
import Testing

@testable import NftablesKernel

/// The file of recorded messages.
private struct VectorFile: Decodable {
    struct Vector: Decodable {
        let command: String
        let payload: String
    }
    let vectors: [Vector]
}

/// What a recorded message is read as.
private enum Meaning: Hashable {
    case table(String)
    case chain(Chain)
    /// Names of expressions that we do not know, and whether all others are known.
    case rule([NftablesIR.Expression], unknown: [String])
    case object(ObjectKey)
    case set(NamedSet)
    case reference
}

private func hex(_ text: String) -> [UInt8] {
    stride(from: 0, to: text.utf8.count, by: 2).compactMap { offset in
        let start = text.index(text.startIndex, offsetBy: offset)
        return UInt8(text[start..<text.index(start, offsetBy: 2)], radix: 16)
    }
}

@Suite struct NetlinkVectorTests {
    private func vectors() throws -> [VectorFile.Vector] {
        let data = try Data(contentsOf: corpus("netlink-vectors/vectors.json"))
        return try JSONDecoder().decode(VectorFile.self, from: data).vectors
    }

    /// Reads a message by what its command makes.
    private func read(_ vector: VectorFile.Vector) throws -> Meaning? {
        let bytes = hex(vector.payload)
        var fields = try AttributeFields(bytes, 4..<bytes.count)
        let family = try #require(TableFamily(number: bytes[0]), "\(vector.command)")
        let words = vector.command.split(separator: " ")
        if words[1] == "delete" { return .reference }
        switch words[2] {
        case "table": return TableCodec.read(&fields).map { .table($0.name) }
        case "chain": return ChainCodec.read(&fields, family: family).map { .chain($0.chain) }
        case "counter": return ObjectCodec.read(&fields).map { .object($0.key) }
        case "map":
            return SetCodec.read(&fields).map { .set($0.set) }
        case "rule":
            guard let rule = RuleCodec.read(&fields)?.rule else { return nil }
            let unknown = rule.expressions.compactMap { expression -> String? in
                if case .unknown(let name, _) = expression { name } else { nil }
            }
            return .rule(rule.expressions, unknown: unknown)
        default: return nil
        }
    }

    @Test func `each of the forty messages is read, and what is unknown is listed`() throws {
        let vectors = try vectors()
        #expect(vectors.count == 40)
        var unknown: [String: [String]] = [:]
        for vector in vectors {
            let meaning = try #require(try read(vector), "\(vector.command)")
            if case .rule(_, let names) = meaning, !names.isEmpty { unknown[vector.command] = names }
        }
        let listed: [String: [String]] = [
            "nft add rule filter divert ip protocol tcp tproxy to :50080": ["tproxy"],
            "nft add rule filter divert ip protocol tcp tproxy to 10.10.72.1:50080": ["tproxy"],
            "nft add rule nat postrouting oifname uplink0 masquerade": ["masq"],
            "nft add rule nat postrouting ip saddr 192.168.69.2 masquerade": ["masq"],
            "nft add rule nat prerouting iif uplink0 tcp dport 4070 dnat 192.168.23.2:4080": ["nat"],
            "nft add rule nat prerouting iifname uplink0 udp dport 4070-4090 dnat 192.168.23.2:4070-4090": ["nat"],
            "nft add rule nat prerouting ip daddr 10.0.0.0/24 dnat prefix to 20.0.0.0/24": ["nat"],
            "nft add rule nat prerouting tcp dport 22 redirect to 2222": ["redir"],
            "nft add rule ip filter base-chain numgen random mod 1  offset 0 vmap { 0 : drop }": ["numgen"],
            "nft add rule ip filter base-chain numgen inc mod 1  offset 0 vmap { 0 : drop }": ["numgen"],
            "nft add rule ip filter forward oifname uplink0 tcp flags syn tcp option maxseg size set rt mtu": ["rt"],
            "nft add rule ip filter regular-chain quota over 6 bytes": ["quota"],
            "nft add rule mangle base-chain dup to 127.0.0.50 device lo": ["dup"],
            // The text goes to the kernel's log, without a group.
            "nft add rule ipv4table ipv4chain-1  log prefix nftables": ["log"],
        ]
        for (command, names) in listed { #expect(unknown[command] == names, "\(command)") }
        for (command, names) in unknown where listed[command] == nil {
            Issue.record("unexpectedly unknown: \(command): \(names)")
        }
    }

    @Test func `some of them by what they mean`() throws {
        var meanings: [String: Meaning] = [:]
        for vector in try vectors() { meanings[vector.command] = try read(vector) }
        #expect(
            meanings["nft add rule ip6 filter forward ip6 saddr != 2001:0001::1-2001:0002::1 return"]
                == .rule(
                    [
                        .payloadLoad(.network, offset: 8, length: 16, into: .one),
                        .range(
                            .notEqual,
                            .one,
                            RegisterValue([0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
                            RegisterValue([0x20, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
                        ),
                        .verdict(.return),
                    ],
                    unknown: []
                )
        )
        #expect(
            meanings["nft add chain nat postrouting { type nat hook postrouting priority 100 ; }"]
                == .chain(
                    Chain(
                        name: "postrouting",
                        base: BaseChain(kind: .nat, hook: .postrouting, priority: 100, policy: .accept)
                    )
                )
        )
        #expect(
            meanings["nft add  rule ip filter base-chain reject with tcp reset"]
                == .rule([.reject(.tcpReset)], unknown: [])
        )
    }

    @Test func `what we can say we write as nft does`() throws {
        var compared = 0
        for vector in try vectors() {
            guard case .rule(let expressions, _) = try read(vector) else { continue }
            let bytes = hex(vector.payload)
            var recorded = try AttributeFields(bytes, 4..<bytes.count)
            let recordedList = recorded.take(4)
            let list = try #require(recordedList, "\(vector.command)")
            // Our own message for the same rule: begin, rule, end.
            let batch = Batch(.ip, "t", [.addRule(chain: "c", Rule(expressions))])
            let encoder = try BatchEncoder(batch, firstSequence: 1, generation: nil, commits: true)
            let message = try #require(NetlinkMessage.split(encoder.copy())?.dropFirst().first)
            var written = try message.attributes(after: 4)
            let writtenList = written.take(4)
            let ours = try #require(writtenList, "\(vector.command)")
            let (left, right) = (try elements(ours), try elements(list))
            #expect(left == right, "\(vector.command)")
            compared += 1
        }
        #expect(compared >= 25)
    }

    /// Attributes of one expression by number, so that their order does not matter.
    private func elements(_ list: Attribute) throws -> [[UInt16: [UInt8]]] {
        try list.list().map { element in
            var fields = try element.nested()
            var result: [UInt16: [UInt8]] = [0: fields.take(1)?.bytes ?? []]
            for attribute in try fields.take(2)?.list() ?? [] {
                var bytes = attribute.bytes
                // Whoever wrote the recording left the "nested" bit out here and there.
                if let nested = try? attribute.nested(), nested.leftOver.count == 1, bytes.count > 4 {
                    bytes[3] &= 0x7f
                }
                // What nft leaves out where it is zero, we write; the kernel takes both alike.
                if bytes != [0, 0, 0, 0] { result[attribute.type] = bytes }
            }
            // The set's number within the batch stands beside its name; a reset has no code.
            if result[0] == Array("lookup".utf8) + [0] { result[4] = nil }
            if result[0] == Array("reject".utf8) + [0], result[1] == [0, 0, 0, 1] { result[2] = nil }
            // The recorder left out the NUL of an object's name.
            if result[0] == Array("objref".utf8) + [0], result[2]?.last == 0 { result[2]?.removeLast() }
            return result
        }
    }
}
