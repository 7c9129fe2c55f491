// SPDX-License-Identifier: Apache-2.0
// Packet vectors as JSON lines (DESIGN §6): one object a line, any other key is an error.
import Foundation
public import NetworkTypes

/// Why a packet vector file cannot be used.
public struct PacketVectorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's name.
    public let file: String
    /// The line, counted from 1.
    public let line: Int
    /// What is wrong.
    public let problem: String

    /// `FILE:LINE: error: text`.
    public var description: String { "\(file):\(line): error: \(problem)" }
}

/// Reads packet vectors; times never run backwards.
public func readPacketVectors(_ text: String, file: String) throws(PacketVectorError) -> [PacketVector] {
    var vectors: [PacketVector] = []
    var time = 0.0
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        guard !trimmed.isEmpty else { continue }
        let vector: PacketVector
        do {
            vector = try VectorReader(trimmed, defaultTime: time, defaultID: "\(vectors.count + 1)").vector()
        } catch {
            throw PacketVectorError(file: file, line: index + 1, problem: error.text)
        }
        guard (0...1e9).contains(vector.time) else {
            throw PacketVectorError(file: file, line: index + 1, problem: "time is a number of seconds from 0 to 1e9")
        }
        guard vector.time >= time else {
            throw PacketVectorError(
                file: file,
                line: index + 1,
                problem: "time \(vector.time) lies before the line above; order the vectors by time"
            )
        }
        time = vector.time
        vectors.append(vector)
    }
    return vectors
}

private struct VectorProblem: Error {
    let text: String
}

/// Reads one line.
private struct VectorReader {
    private let object: [String: Any]
    private let defaultTime: Double
    private let defaultID: String

    /// Every key of DESIGN §6 with its accepted alias.
    private static let keys: Set<String> = [
        "id", "time", "in", "out", "from-zone", "to-zone", "family", "source", "source-ip", "destination",
        "destination-ip", "protocol", "source-port", "destination-port", "tcp-flags", "tcp-sequence",
        "tcp-acknowledgment", "tcp-window", "ttl", "hop-limit", "dscp", "length", "packet-length", "payload-length",
        "icmp-type", "icmp-code", "icmp-identifier", "icmp-sequence", "more-fragments", "fragment-offset", "hex",
    ]

    init(_ line: String, defaultTime: Double, defaultID: String) throws(VectorProblem) {
        guard let any = try? JSONSerialization.jsonObject(with: Data(line.utf8)), let object = any as? [String: Any]
        else { throw VectorProblem(text: "not a JSON object") }
        for key in object.keys.sorted() where !Self.keys.contains(key) {
            throw VectorProblem(text: "unknown key '\(key)'")
        }
        self.object = object.filter { !($0.value is NSNull) }
        self.defaultTime = defaultTime
        self.defaultID = defaultID
    }

    func vector() throws(VectorProblem) -> PacketVector {
        PacketVector(
            id: try text("id") ?? defaultID,
            time: try number("time") ?? defaultTime,
            inputInterface: try interface("in"),
            outputInterface: try interface("out"),
            fromZone: try text("from-zone"),
            toZone: try text("to-zone"),
            packet: try packet(),
            leavesSequenceOpen: object["tcp-sequence"] == nil && object["hex"] == nil,
            leavesAcknowledgmentOpen: object["tcp-acknowledgment"] == nil && object["hex"] == nil
        )
    }

    private func packet() throws(VectorProblem) -> Packet {
        if let hex = try text("hex") {
            guard let bytes = octets(hex), let first = bytes.first else {
                throw VectorProblem(text: "hex is not a string of octets")
            }
            return Packet(family: first >> 4 == 6 ? .inet6 : .inet, bytes: bytes)
        }
        var fields = PacketFields()
        if let family = try text("family") {
            guard let known = AddressFamily(rawValue: family) else {
                throw VectorProblem(text: "family is inet or inet6, not '\(family)'")
            }
            fields.family = known
        }
        fields.source = try address("source", "source-ip")
        fields.destination = try address("destination", "destination-ip")
        fields.protocolNumber = try protocolNumber()
        fields.sourcePort = try integer("source-port")
        fields.destinationPort = try integer("destination-port")
        fields.tcpFlags = try flags()
        fields.tcpSequence = try integer("tcp-sequence")
        fields.tcpAcknowledgment = try integer("tcp-acknowledgment")
        fields.tcpWindow = try integer("tcp-window")
        fields.timeToLive = try integer("ttl", "hop-limit")
        fields.dscp = try integer("dscp")
        fields.length = try integer("length", "packet-length")
        fields.payloadLength = try integer("payload-length")
        fields.icmpType = try integer("icmp-type")
        fields.icmpCode = try integer("icmp-code")
        fields.icmpIdentifier = try integer("icmp-identifier")
        fields.icmpSequence = try integer("icmp-sequence")
        fields.moreFragments = try flag("more-fragments")
        fields.fragmentOffset = try integer("fragment-offset")
        do {
            return try fields.build()
        } catch {
            throw VectorProblem(text: error.description)
        }
    }

    private func value(_ names: [String]) -> (name: String, value: Any)? {
        for name in names {
            if let value = object[name] { return (name, value) }
        }
        return nil
    }

    private func text(_ name: String) throws(VectorProblem) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value as? String else { throw VectorProblem(text: "\(name) is a string") }
        return text
    }

    private func number(_ name: String) throws(VectorProblem) -> Double? {
        guard let value = object[name] else { return nil }
        guard let number = value as? Double else { throw VectorProblem(text: "\(name) is a number") }
        return number
    }

    private func flag(_ name: String) throws(VectorProblem) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let flag = value as? Bool else { throw VectorProblem(text: "\(name) is true or false") }
        return flag
    }

    private func integer<Number: FixedWidthInteger>(_ names: String...) throws(VectorProblem) -> Number? {
        guard let (name, value) = value(names) else { return nil }
        guard let number = value as? Int, let exact = Number(exactly: number) else {
            throw VectorProblem(text: "\(name) is a whole number from \(Number.min) to \(Number.max)")
        }
        return exact
    }

    private func address(_ names: String...) throws(VectorProblem) -> IPAddress? {
        guard let (name, value) = value(names) else { return nil }
        guard let text = value as? String, let address = IPAddress(text) else {
            throw VectorProblem(text: "\(name) is an IPv4 or IPv6 address")
        }
        return address
    }

    /// A logical interface without a unit means unit 0.
    private func interface(_ name: String) throws(VectorProblem) -> String? {
        guard let text = try text(name) else { return nil }
        return text == PacketVector.local || text.contains(".") ? text : text + ".0"
    }

    private func protocolNumber() throws(VectorProblem) -> UInt8? {
        guard let value = object["protocol"] else { return nil }
        if let number = value as? Int, let exact = UInt8(exactly: number) { return exact }
        if let name = value as? String {
            if let number = UInt8(name) ?? Self.protocols[name] { return number }
        }
        throw VectorProblem(text: "protocol is a number from 0 to 255 or a name such as tcp")
    }

    private static let protocols: [String: UInt8] = [
        "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "egp": 8, "udp": 17, "ipv6": 41, "rsvp": 46, "gre": 47, "esp": 50,
        "ah": 51, "icmp6": 58, "icmpv6": 58, "no-next-header": 59, "ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132,
        "hop-by-hop": 0, "routing": 43, "fragment": 44, "dstopts": 60,
    ]

    private static let flagBits: [String: UInt8] = [
        "fin": 0x01, "syn": 0x02, "rst": 0x04, "psh": 0x08, "push": 0x08, "ack": 0x10, "urg": 0x20, "urgent": 0x20,
        "ece": 0x40, "cwr": 0x80,
    ]

    private func flags() throws(VectorProblem) -> UInt8? {
        guard let value = object["tcp-flags"] else { return nil }
        guard let names = value as? [String] else { throw VectorProblem(text: "tcp-flags is a list of flag names") }
        var bits: UInt8 = 0
        for name in names {
            guard let bit = Self.flagBits[name] else { throw VectorProblem(text: "unknown TCP flag '\(name)'") }
            bits |= bit
        }
        return bits
    }

    private func octets(_ hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count.isMultiple(of: 2), !digits.isEmpty else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}
