// SPDX-License-Identifier: Apache-2.0
// What packets do in configurations of a network analyser's tests (format junos-expectations/1 of the corpus).
import Foundation
public import NetworkTypes

/// `junos-expectations/1` of the corpus.
public struct AnalyserExpectations: Decodable, Sendable {
    /// One question and its answer.
    public struct Expectation: Decodable, Sendable {
        /// Its id.
        public let id: String
        /// Its kind.
        public let kind: String
        /// `family`.
        public let family: String?
        /// `filter`.
        public let filter: String?
        /// `interface`.
        public let interface: String?
        /// `direction`.
        public let direction: String?
        /// `fromZone`.
        public let fromZone: String?
        /// `toZone`.
        public let toZone: String?
        /// The packet.
        public let packet: Fields?
        /// `verdict`.
        public let verdict: String?
        /// Whether it is only the other tool's view.
        public let advisory: Bool?

        enum CodingKeys: String, CodingKey {
            case id, kind, family, filter, interface, direction, packet, verdict, advisory
            case fromZone = "from-zone"
            case toZone = "to-zone"
        }
    }

    /// A packet by its fields; what is not given may be anything.
    public struct Fields: Decodable, Sendable {
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

        /// The packet.
        public func packet(_ family: String?) throws -> Packet {
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
    struct ProtocolValue: Decodable, Sendable {
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

    /// The configuration, below `batfish-junos`.
    public let config: String
    /// Why a real commit could refuse it.
    public let objections: [String]
    /// The questions.
    public let expectations: [Expectation]

    enum CodingKeys: String, CodingKey {
        case config, expectations
        case objections = "a-strict-device-may-object-to"
    }

    /// All files, by name.
    public static func all() throws -> [(name: String, file: Self)] {
        let folder = try corpus("batfish-junos/expectations")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
            .map { ($0.lastPathComponent, try JSONDecoder().decode(Self.self, from: Data(contentsOf: $0))) }
    }
}

private let protocols: [String: UInt8] = [
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "egp": 8, "udp": 17, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51,
    "icmp6": 58, "icmpv6": 58, "ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132,
]
