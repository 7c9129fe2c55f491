// SPDX-License-Identifier: Apache-2.0
// Verdicts of outside oracles: the generated policies of aerleon, and the expectations of a network analyser.
import Diagnostics
import Foundation
import Diagnostics
import JunosModel
import JunosSyntax
import NetworkTypes
import ReferenceEvaluator
import TestSupport
import Testing

/// `verdict-vectors/1` of the corpus.
private struct VerdictVectors: Decodable {
    struct Vector: Decodable {
        let src: String
        let dst: String
        let proto: String
        let sport: Int?
        let dport: Int?
        let verdict: String
        let term: String?
    }

    let family: String
    let vectors: [Vector]
}

/// `junos-expectations/1` of the corpus.
private struct Expectations: Decodable {
    struct Expectation: Decodable {
        let id: String
        let kind: String
        let family: String?
        let filter: String?
        let interface: String?
        let direction: String?
        let fromZone: String?
        let toZone: String?
        let packet: Fields?
        let verdict: String?
        let advisory: Bool?

        enum CodingKeys: String, CodingKey {
            case id, kind, family, filter, interface, direction, packet, verdict, advisory
            case fromZone = "from-zone"
            case toZone = "to-zone"
        }
    }

    struct Fields: Decodable {
        let source: String?
        let destination: String?
        let protocolName: ProtocolValue?
        let sourcePort: UInt16?
        let destinationPort: UInt16?
        let dscp: UInt8?
        let ttl: UInt8?
        let hopLimit: UInt8?
        let icmpType: UInt8?
        let icmpCode: UInt8?
        let length: Int?

        enum CodingKeys: String, CodingKey {
            case source = "source-ip"
            case destination = "destination-ip"
            case protocolName = "protocol"
            case sourcePort = "source-port"
            case destinationPort = "destination-port"
            case dscp, ttl
            case hopLimit = "hop-limit"
            case icmpType = "icmp-type"
            case icmpCode = "icmp-code"
            case length = "packet-length"
        }

        func packet(_ family: String?) throws -> Packet {
            var fields = PacketFields()
            fields.family = family.flatMap(AddressFamily.init(rawValue:))
            fields.source = source.flatMap(IPAddress.init)
            fields.destination = destination.flatMap(IPAddress.init)
            if let known = fields.source?.family ?? fields.destination?.family { fields.family = known }
            fields.protocolNumber = protocolName?.number
            fields.sourcePort = sourcePort
            fields.destinationPort = destinationPort
            fields.dscp = dscp
            fields.timeToLive = ttl ?? hopLimit
            fields.icmpType = icmpType
            fields.icmpCode = icmpCode
            fields.length = length
            return try fields.build()
        }
    }

    /// A name or a number.
    struct ProtocolValue: Decodable {
        let number: UInt8?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(UInt8.self) {
                number = value
            } else {
                number = protocols[try container.decode(String.self)]
            }
        }
    }

    let config: String
    let expectations: [Expectation]
}

private let protocols: [String: UInt8] = [
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "egp": 8, "udp": 17, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51,
    "icmp6": 58, "icmpv6": 58, "ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132,
]

@Suite struct `Outside oracles` {
    @Test(arguments: [
        "p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10", "big-01k", "big-05k", "big-20k",
    ])
    func `of generated policies agree with filters and with policies`(name: String) throws {
        let folder = try corpus("aerleon/generated/\(name)")
        func file(_ name: String) throws -> Data {
            let plain = folder.appending(path: name)
            return try unpacked(
                FileManager.default.fileExists(atPath: plain.path) ? plain : plain.appendingPathExtension("gz")
            )
        }
        let vectors = try JSONDecoder().decode(VerdictVectors.self, from: file("vectors.json"))
        let filters = configuration(String(decoding: try file("juniper-filter.conf"), as: UTF8.self))
        let policies = configuration(String(decoding: try file("srx-policy.conf"), as: UTF8.self))
        var model = ReferenceEvaluator(filters)
        let flow = ReferenceEvaluator(policies)
        let contexts = policies.security?.policyContexts ?? []
        let zones = contexts.first.map { ($0.fromZone, $0.toZone) }
        #expect(!vectors.vectors.isEmpty)
        var disagreements: [String] = []
        for (index, vector) in vectors.vectors.enumerated() {
            guard let number = protocols[vector.proto] ?? UInt8(vector.proto), let source = IPAddress(vector.src),
                let destination = IPAddress(vector.dst)
            else {
                disagreements.append("unread vector \(index): \(vector.proto)")
                continue
            }
            let fields = PacketFields(
                number,
                from: source,
                to: destination,
                sourcePort: vector.sport.map { UInt16($0) },
                destinationPort: vector.dport.map { UInt16($0) }
            )
            let packet = try fields.build()
            let expected = vector.verdict == "accept"
            let candidates = filters.filters.keys.filter { $0.family.rawValue == packet.family.rawValue }
            if let filter = candidates.sorted(by: { $0.name < $1.name }).first {
                let answer = try model.evaluate(filter: filter, PacketVector(id: "\(index)", packet: packet))
                if (answer.verdict == .accept) != expected {
                    disagreements.append("filter \(index): \(vector) by \(answer.decidedBy ?? "nothing")")
                }
            } else {
                disagreements.append("no filter of family \(packet.family)")
            }
            if let decision = flow.lookUpPolicy(from: zones?.0, to: zones?.1, packet) {
                if (decision.action == .permit) != expected {
                    disagreements.append("policy \(index): \(vector) by \(decision.path ?? "nothing")")
                }
            } else {
                disagreements.append("no policies")
            }
        }
        #expect(disagreements.isEmpty, "\(disagreements.count) of \(vectors.vectors.count): \(disagreements.prefix(5))")
    }

    @Test func `of a network analyser agree with filters, bindings and policies`() throws {
        let folder = try corpus("batfish-junos/expectations")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var checked = 0
        var others: [String: Int] = [:]
        for file in files.sorted(by: { $0.path < $1.path }) where file.pathExtension == "json" {
            let expectations = try JSONDecoder().decode(Expectations.self, from: Data(contentsOf: file))
            let text = String(
                decoding: try Data(contentsOf: corpus("batfish-junos/\(expectations.config)")),
                as: UTF8.self
            )
            let extracted = extraction(text)
            let model = ReferenceEvaluator(extracted.configuration)
            for expectation in expectations.expectations {
                if expectation.advisory == true {
                    others["advisory", default: 0] += 1
                    continue
                }
                guard let accepted = try verdict(expectation, model) else {
                    others[expectation.kind, default: 0] += 1
                    continue
                }
                let agrees = accepted == (expectation.verdict == "accept" || expectation.verdict == "permit")
                // What the commit check refuses may have no meaning to compare: a refused term matches nothing.
                if !agrees, let filter = expectation.filter,
                    let refusal = extracted.diagnostics.first(where: {
                        $0.severity == .error && $0.path.contains("filter \(filter) ")
                    })
                {
                    others["refused: \(refusal.code)", default: 0] += 1
                    continue
                }
                checked += 1
                #expect(agrees, "\(expectation.id) in \(expectations.config)")
            }
        }
        print("expectations checked: \(checked), other kinds: \(others.sorted { $0.key < $1.key })")
        #expect(checked >= 60)
    }

    /// Whether the packet gets through; nil for kinds that ask for something else.
    private func verdict(_ expectation: Expectations.Expectation, _ model: ReferenceEvaluator) throws -> Bool? {
        var model = model
        switch expectation.kind {
        case "filter":
            guard let family = expectation.family.flatMap(FilterFamily.init(rawValue:)), let name = expectation.filter,
                let packet = try expectation.packet?.packet(expectation.family)
            else { return nil }
            return try model.evaluate(
                filter: FilterName(family, name),
                PacketVector(id: expectation.id, packet: packet)
            )
            .verdict == .accept
        case "interface-filter":
            guard let interface = expectation.interface, let packet = try expectation.packet?.packet(expectation.family)
            else { return nil }
            let isInput = expectation.direction == "input"
            // Without zones only filters decide; the other end has none.
            let answer = try model.evaluate(
                PacketVector(
                    id: expectation.id,
                    inputInterface: isInput ? interface : PacketVector.local,
                    outputInterface: isInput ? PacketVector.local : interface,
                    packet: packet
                )
            )
            return answer.verdict == .accept
        case "security-policy":
            guard let packet = try expectation.packet?.packet(expectation.family) else { return nil }
            return model.lookUpPolicy(from: expectation.fromZone, to: expectation.toZone, packet)?.action == .permit
        default: return nil
        }
    }
}
