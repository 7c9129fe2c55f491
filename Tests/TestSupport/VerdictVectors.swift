// SPDX-License-Identifier: Apache-2.0
// The verdict vectors of the corpus (format verdict-vectors/1 in its README).
import Foundation
public import NetworkTypes

/// One file of verdict vectors.
public struct VerdictVectors: Sendable {
    /// One packet and what a first-match evaluation of the policy says.
    public struct Vector: Decodable, Sendable {
        /// Source and destination as text.
        public let src, dst, proto: String
        /// Ports, where the protocol has them.
        public let sport, dport: UInt16?
        /// `accept` or `deny`.
        public let verdict: String
        /// The first matching term, nil for none.
        public let term: String?

        /// Whether it is accepted.
        public var isAccepted: Bool { verdict == "accept" }
    }

    private struct File: Decodable {
        let family: String
        let vectors: [Vector]
    }

    /// `inet`, `inet6` or `mixed`.
    public let family: String
    /// The vectors.
    public let vectors: [Vector]

    /// Reads `aerleon/generated/NAME`.
    public init(_ name: String) throws {
        let isBig = name.hasPrefix("big")
        let text = try corpusText("aerleon/generated/\(name)/vectors.json\(isBig ? ".gz" : "")")
        let file = try JSONDecoder().decode(File.self, from: Data(text.utf8))
        family = file.family
        vectors = file.vectors
    }
}

extension VerdictVectors.Vector {
    private static let protocols: [String: UInt8] = [
        "icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58, "ospf": 89, "sctp": 132,
    ]

    /// The packet: the first of a flow.
    public func packet() throws -> Packet {
        guard let source = IPAddress(src), let destination = IPAddress(dst), let number = Self.protocols[proto] else {
            throw MissingTestData(description: "vector \(self) cannot be read")
        }
        return try PacketFields(number, from: source, to: destination, sourcePort: sport, destinationPort: dport)
            .build()
    }
}
