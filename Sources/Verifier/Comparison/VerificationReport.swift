// SPDX-License-Identifier: Apache-2.0
// What a verification found, for people and for scripts (DESIGN §6).
public import NetworkTypes

/// One packet on which the voices differ.
public struct Mismatch: Hashable, Sendable {
    /// The vector's id.
    public var id: String
    /// The vector, with the packet as it was sent.
    public var vector: PacketVector
    /// What the model says.
    public var model: String
    /// What the program says.
    public var program: String
    /// What the kernel did; nil where it was not asked.
    public var kernel: String?
    /// The Junos statement that decided; nil where none did.
    public var statement: String?
    /// The rule that decided.
    public var rule: String?
    /// What differs.
    public var differences: [Difference]
}

/// The result of a verification.
public struct VerificationReport: Hashable, Sendable {
    /// Packets compared.
    public var checked = 0
    /// Packets on which the voices differ.
    public var mismatches: [Mismatch] = []
    /// Packets whose way ended in the stack before every stage had its say.
    public var unreached = 0
    /// Whether equality was proved for all packets; nil where no proof was asked for.
    public var proved: Bool?
    /// Classes of packets that the proof distinguished; nil where no proof was asked for.
    public var classes: Int?
    /// The proof's certificate as JSON; nil where no proof was asked for.
    public var certificate: String?
    /// How long it took.
    public var seconds = 0.0

    /// Makes an empty report.
    public init() {}

    /// One line of JSON with the keys of DESIGN §6.
    public func json() -> String {
        var fields = [
            "\"checked\":\(checked)",
            "\"mismatches\":[\(mismatches.map(json).joined(separator: ","))]",
            "\"unreached\":\(unreached)",
        ]
        if let proved { fields.append("\"proved\":\(proved)") }
        if let classes { fields.append("\"classes\":\(classes)") }
        if let certificate { fields.append("\"certificate\":\(certificate)") }
        fields.append("\"seconds\":\(rounded(seconds))")
        return "{\(fields.joined(separator: ","))}"
    }

    private func json(_ mismatch: Mismatch) -> String {
        func text(_ value: String?) -> String { value.map(quoted) ?? "null" }
        let fields = [
            "\"id\":\(quoted(mismatch.id))", "\"packet\":\(vectorJSON(mismatch.vector))",
            "\"model\":\(quoted(mismatch.model))", "\"program\":\(quoted(mismatch.program))",
            "\"kernel\":\(text(mismatch.kernel))", "\"statement\":\(text(mismatch.statement))",
            "\"rule\":\(text(mismatch.rule))",
        ]
        return "{\(fields.joined(separator: ","))}"
    }

    /// A table for people; at most so many mismatches in full.
    public func text(limit: Int = 20) -> String {
        var lines: [String] = []
        for mismatch in mismatches.prefix(limit) {
            lines.append("packet \(mismatch.id): \(summary(mismatch.vector))")
            lines.append("  model     \(mismatch.model)")
            lines.append("  program   \(mismatch.program)")
            if let kernel = mismatch.kernel { lines.append("  kernel    \(kernel)") }
            for difference in mismatch.differences { lines.append("  differs   \(difference)") }
            if let statement = mismatch.statement { lines.append("  statement \(statement)") }
            if let rule = mismatch.rule { lines.append("  rule      \(rule)") }
        }
        if mismatches.count > limit { lines.append("and \(mismatches.count - limit) more packets that differ") }
        let proof = proved.map { $0 ? ", equality proved" : ", equality not proved" } ?? ""
        lines.append(
            "\(checked) packets checked, \(mismatches.count) differ, \(unreached) ended early in the stack"
                + "\(proof), \(rounded(seconds)) s"
        )
        return lines.joined(separator: "\n")
    }
}

/// One line about a packet.
func summary(_ vector: PacketVector) -> String {
    let header = vector.packet.header
    func end(_ address: IPAddress, _ port: UInt16?) -> String {
        let hasPorts = [6, 17, 132, 136].contains(header.upperProtocol) && !header.isLaterFragment
        guard hasPorts, let port else { return "\(address)" }
        return header.family == .inet ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
    var words = [
        "\(vector.inputInterface ?? "-") > \(vector.outputInterface ?? "-")",
        "\(header.family.rawValue) protocol \(header.upperProtocol.map(String.init) ?? "?")",
        "\(end(header.sourceAddress, header.sourcePort)) > \(end(header.destinationAddress, header.destinationPort))",
        "length \(header.totalLength) ttl \(header.timeToLive) dscp \(header.dscp)",
    ]
    if header.upperProtocol == ProtocolNumber.tcp, let flags = header.tcpFlags { words.append("flags \(flags)") }
    if header.upperProtocol == 1 || header.upperProtocol == 58, let type = header.icmpType, let code = header.icmpCode {
        words.append("icmp \(type)/\(code)")
    }
    if header.isFragment { words.append("fragment \(header.fragmentOffset)\(header.moreFragments ? "+" : "")") }
    return words.joined(separator: ", ")
}

/// A vector as DESIGN §6 writes it, octets in `hex`, so that it can be given to `verify --packets` again.
public func vectorJSON(_ vector: PacketVector) -> String {
    var fields = ["\"id\":\(quoted(vector.id))", "\"time\":\(rounded(vector.time))"]
    if let input = vector.inputInterface { fields.append("\"in\":\(quoted(input))") }
    if let output = vector.outputInterface { fields.append("\"out\":\(quoted(output))") }
    fields.append("\"family\":\"\(vector.packet.family.rawValue)\"")
    let digits = Array("0123456789abcdef".utf8)
    let hex = vector.packet.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    fields.append("\"hex\":\"\(String(decoding: hex, as: UTF8.self))\"")
    return "{\(fields.joined(separator: ","))}"
}

/// Thousandths are enough.
private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

/// A JSON string.
private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case _ where scalar.value < 0x20:
            let hex = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
