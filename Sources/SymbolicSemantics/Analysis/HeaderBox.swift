// SPDX-License-Identifier: Apache-2.0
// A set of packets for people: a few boxes, each some fields with their values (DESIGN §6, `sluice diff`).
public import DecisionDiagrams
public import NetworkTypes

/// Packets whose fields have these values; fields that are not named do not matter.
public struct HeaderBox: Hashable, Sendable, CustomStringConvertible {
    /// Names of fields as conditions have them, with their values in words.
    public var fields: [(name: String, values: String)]

    /// Two boxes are equal if they say the same.
    public static func == (left: HeaderBox, right: HeaderBox) -> Bool { left.description == right.description }

    /// Hashes what the box says.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }

    /// `protocol 6, destination-port 80-90`; `every packet` without fields.
    public var description: String {
        fields.isEmpty ? "every packet" : fields.map { "\($0.name) \($0.values)" }.joined(separator: ", ")
    }
}

/// One field as boxes show it.
private struct BoxField {
    let name: String
    let variables: [UInt32]
    let text: (ClosedRange<UInt128>) -> String
}

extension Semantics {
    /// The packets of a region as boxes.
    ///
    /// - Parameter limit: how many boxes at most.
    /// - Returns: the boxes, and whether they are all.
    public func boxes(_ region: Diagram, _ space: PacketSpace, limit: Int = 20) -> (boxes: [HeaderBox], areAll: Bool) {
        var result: [HeaderBox] = []
        var areAll = true
        let fields = boxFields(space, region)
        func descend(_ rest: Diagram, _ index: Int, _ box: HeaderBox) {
            guard rest != .no else { return }
            guard rest != .yes, index < fields.count else {
                if result.count < limit { result.append(box) } else { areAll = false }
                return
            }
            let field = fields[index]
            for part in store.parts(rest, by: field.variables) {
                guard result.count <= limit else {
                    areAll = false
                    return
                }
                var inner = box
                if part.rest != rest {
                    inner.fields.append((field.name, values(part.ranges, field)))
                }
                descend(part.rest, index + 1, inner)
            }
        }
        descend(region, 0, HeaderBox(fields: []))
        return (result, areAll)
    }

    private func values(_ ranges: [ClosedRange<UInt128>], _ field: BoxField) -> String {
        let shown = ranges.prefix(8).map(field.text).joined(separator: " ")
        return ranges.count > 8 ? "\(shown) and \(ranges.count - 8) more ranges" : shown
    }

    /// The fields that a region depends on, in the order of their variables.
    private func boxFields(_ space: PacketSpace, _ region: Diagram) -> [BoxField] {
        let used = store.variables(region)
        var fields: [BoxField] = []
        let plain: (ClosedRange<UInt128>) -> String = { rangeText($0) { "\($0)" } }
        let address: (ClosedRange<UInt128>) -> String = { addressText($0, space.version) }
        let isIPv4 = space.version == .inet
        func add(_ name: String, _ parts: [SpaceField], _ text: @escaping (ClosedRange<UInt128>) -> String) {
            let variables = parts.flatMap { space.variables($0) }.sorted()
            if used.contains(where: variables.contains) {
                fields.append(BoxField(name: name, variables: variables, text: text))
            }
        }
        add(isIPv4 ? "flags-and-offset" : "fragment-word", [.fragmentWord]) {
            rangeText($0) { "0x" + String($0, radix: 16) }
        }
        add("header-words", [.headerWords], plain)
        add(isIPv4 ? "protocol" : "payload-protocol", [.upperProtocol], plain)
        add("next-header", [.nextHeader], plain)
        add("destination-address", [.destination], address)
        add("source-address", [.source], address)
        add("destination-port", [.transportOctet(2), .transportOctet(3)], plain)
        add("source-port", [.transportOctet(0), .transportOctet(1)], plain)
        for octet in 4..<64 { add("octet-\(octet)", [.transportOctet(octet)], plain) }
        add(isIPv4 ? "type-of-service" : "traffic-class-octet", [.trafficClass], plain)
        add(isIPv4 ? "ttl" : "hop-limit", [.timeToLive], plain)
        add(isIPv4 ? "packet-length" : "payload-length", [.lengthField], plain)
        add("mark", [.mark]) { rangeText($0) { "0x" + String($0, radix: 16) } }
        add("session-mark", [.sessionMark]) { rangeText($0) { "0x" + String($0, radix: 16) } }
        let covered = Set(fields.flatMap(\.variables))
        for variable in used where !covered.contains(variable) {
            let name = self.name(of: variable) ?? propertyText(variable, space)
            fields.append(
                BoxField(name: name, variables: [variable]) { $0.lowerBound == 1 ? "holds" : "does not hold" }
            )
        }
        return fields.sorted { ($0.variables.first ?? 0) < ($1.variables.first ?? 0) }
    }

    private func propertyText(_ variable: UInt32, _ space: PacketSpace) -> String {
        for count in 1...64 where space.variable(.transportReaches(count)) == variable {
            return "payload of at least \(count) octets"
        }
        for number in UInt8.min...UInt8.max {
            if space.variable(.extensionHeader(number)) == variable { return "extension-header \(number)" }
            if space.variable(.ipv4Option(number)) == variable { return "ip-option \(number)" }
        }
        return space.variable(.hasUpperProtocol) == variable ? "upper-layer protocol" : "variable \(variable)"
    }
}

private func rangeText(_ range: ClosedRange<UInt128>, _ text: (UInt128) -> String) -> String {
    range.lowerBound == range.upperBound
        ? text(range.lowerBound) : "\(text(range.lowerBound))-\(text(range.upperBound))"
}

/// A prefix where the range is one, else first and last address.
private func addressText(_ range: ClosedRange<UInt128>, _ version: AddressFamily) -> String {
    let (first, last) = (IPAddress(version, range.lowerBound), IPAddress(version, range.upperBound))
    let span = range.lowerBound ^ range.upperBound
    guard span & (span &+ 1) == 0, range.lowerBound & span == 0 else { return "\(first)-\(last)" }
    let length = version.bits - span.nonzeroBitCount
    return length == version.bits ? "\(first)" : "\(first)/\(length)"
}
