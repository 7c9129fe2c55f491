// SPDX-License-Identifier: Apache-2.0
// Packets as tests write them: one line each.
public import NetworkTypes

/// Why a packet line cannot be read.
public struct UnreadablePacket: Error, CustomStringConvertible {
    /// The words that cannot be read.
    public let description: String
}

/// A packet from a line: `PROTOCOL SOURCE[:PORT] > DESTINATION[:PORT] key=value…`.
///
/// IPv6 addresses with ports stand in brackets. Keys: flags (letters of FSRPAU), len, payload, ttl, dscp, tos, mf, off,
/// type, code, id, seqno, ack, win, mss, df, options, headers, body (octets in hex behind the network header).
public func packet(_ line: String) throws -> Packet {
    let words = line.split(separator: " ").map(String.init)
    guard words.count >= 4, words[2] == ">", let source = endpoint(words[1]), let destination = endpoint(words[3])
    else {
        throw UnreadablePacket(description: line)
    }
    var fields = PacketFields(
        try protocolNumber(words[0]),
        from: source.address,
        to: destination.address,
        sourcePort: source.port,
        destinationPort: destination.port
    )
    var tos: UInt8?
    var body: [UInt8]?
    for word in words.dropFirst(4) {
        let parts = word.split(separator: "=").map(String.init)
        let text = parts.count > 1 ? parts[1] : ""
        func number<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
            let value = text.hasPrefix("0x") ? T(text.dropFirst(2), radix: 16) : T(text)
            guard let value else { throw UnreadablePacket(description: word) }
            return value
        }
        switch parts[0] {
        case "flags":
            fields.tcpFlags = text.reduce(UInt8(0)) { flags, letter in
                flags | (["F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32][letter] ?? 0)
            }
        case "len": fields.length = try number(Int.self)
        case "payload": fields.payloadLength = try number(Int.self)
        case "ttl": fields.timeToLive = try number(UInt8.self)
        case "dscp": fields.dscp = try number(UInt8.self)
        case "tos": tos = try number(UInt8.self)
        case "mf": fields.moreFragments = true
        case "off": fields.fragmentOffset = try number(Int.self)
        case "type": fields.icmpType = try number(UInt8.self)
        case "code": fields.icmpCode = try number(UInt8.self)
        case "id": fields.icmpIdentifier = try number(UInt16.self)
        case "seqno": fields.tcpSequence = try number(UInt32.self)
        case "ack": fields.tcpAcknowledgment = try number(UInt32.self)
        case "win": fields.tcpWindow = try number(UInt16.self)
        case "mss":
            let size = try number(UInt16.self)
            fields.tcpOptions = [2, 4, UInt8(size >> 8), UInt8(truncatingIfNeeded: size)]
        case "df": fields.doesNotFragment = true
        case "options": fields.ipv4Options = try hexOctets(text)
        case "headers": fields.extensionHeaders = try hexOctets(text)
        case "body": body = try hexOctets(text)
        default: throw UnreadablePacket(description: word)
        }
    }
    if let body { fields.payloadLength = body.count }
    var packet = try fields.build()
    if let body { packet = Packet(family: packet.family, bytes: packet.bytes.dropLast(body.count) + body) }
    if let tos { packet = withTrafficClass(packet, tos) }
    return packet
}

private func withTrafficClass(_ packet: Packet, _ tos: UInt8) -> Packet {
    var bytes = packet.bytes
    bytes[1] = bytes[1] & 0xfc | tos & 0x03
    return Packet(family: packet.family, bytes: bytes).settingDSCP(tos >> 2)
}

/// Octets from hexadecimal digits.
public func hexOctets(_ hex: String) throws -> [UInt8] {
    try stride(from: 0, to: hex.count, by: 2).map { offset in
        guard let value = UInt8(hex.dropFirst(offset).prefix(2), radix: 16) else {
            throw UnreadablePacket(description: hex)
        }
        return value
    }
}

private func protocolNumber(_ name: String) throws -> UInt8 {
    let names: [String: UInt8] = [
        "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmp6": 58, "ospf": 89, "sctp": 132,
        "pim": 103, "vrrp": 112, "egp": 8,
    ]
    guard let number = names[name] ?? UInt8(name) else { throw UnreadablePacket(description: name) }
    return number
}

private func endpoint(_ text: String) -> (address: IPAddress, port: UInt16?)? {
    if text.hasPrefix("[") {
        let parts = text.dropFirst().split(separator: "]", maxSplits: 1)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        return (address, parts.count > 1 ? UInt16(parts[1].dropFirst()) : nil)
    }
    if let address = IPAddress(text) { return (address, nil) }
    let parts = text.split(separator: ":")
    guard parts.count == 2, let address = IPAddress(String(parts[0])), let port = UInt16(parts[1]) else { return nil }
    return (address, port)
}
