// SPDX-License-Identifier: Apache-2.0
// The third pass: prefix lists that collect prefixes from the configuration itself (filters reference §2.4).

/// The tree with each `apply-path` replaced by the prefixes it finds.
///
/// An interface address gives the connected subnet, an address without a length itself; words that are no addresses
/// are passed over, and a path that finds nothing leaves the list as it is.
public func expandApplyPath(_ tree: ConfigurationTree) -> ConfigurationTree {
    guard let options = tree.root.child("policy-options"), let lists = options.child("prefix-list"),
        lists.children.contains(where: { $0.child("apply-path") != nil })
    else { return tree }
    let expanded = lists.with(
        children: lists.children.map { list in
            guard let path = list.child("apply-path") else { return list }
            var children = list.children.filter { $0.word != "apply-path" }
            var present = Set(children.map(\.word))
            for pattern in path.children {
                for node in found(pattern.word, below: tree.root) {
                    guard let prefix = connectedPrefix(node.word), present.insert(prefix).inserted else { continue }
                    children.append(ConfigurationNode(word: prefix, location: node.location))
                }
            }
            return list.with(children: children)
        }
    )
    return ConfigurationTree(
        root: replacing("policy-options", in: tree.root, by: replacing("prefix-list", in: options, by: expanded))
    )
}

private func replacing(
    _ word: String,
    in parent: ConfigurationNode,
    by child: ConfigurationNode
) -> ConfigurationNode {
    parent.with(children: parent.children.map { $0.word == word ? child : $0 })
}

/// The nodes that a path of words and patterns leads to.
private func found(_ path: String, below root: ConfigurationNode) -> [ConfigurationNode] {
    var nodes = [root]
    for word in path.split(separator: " ").map(String.init) {
        if let pattern = WildcardPattern(word) {
            nodes = nodes.flatMap { $0.children.filter { pattern.matches($0.word) } }
        } else {
            nodes = nodes.flatMap { $0.children.filter { $0.word == word } }
        }
    }
    return nodes
}

/// The subnet of an address with a length, or the address as a prefix of full length; nil for anything else.
func connectedPrefix(_ word: String) -> String? {
    let halves = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let text = halves.first else { return nil }
    let length: Int?
    if halves.count == 2 {
        guard let number = decimal(halves[1], upTo: 128) else { return nil }
        length = number
    } else {
        length = nil
    }
    if let address = addressIPv4(text) {
        let length = length ?? 32
        guard length <= 32 else { return nil }
        let network = length == 0 ? 0 : address & (UInt32.max << UInt32(32 - length))
        let octets = [24, 16, 8, 0].map { String(network >> UInt32($0) & 0xFF) }
        return octets.joined(separator: ".") + "/\(length)"
    }
    guard let address = addressIPv6(text) else { return nil }
    let bits = length ?? 128
    let network = bits == 0 ? 0 : address & (UInt128.max << UInt128(128 - bits))
    return textIPv6(network) + "/\(bits)"
}

private func decimal(_ text: Substring, upTo maximum: Int) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(text), number <= maximum
    else { return nil }
    return number
}

private func addressIPv4(_ text: Substring) -> UInt32? {
    let octets = text.split(separator: ".", omittingEmptySubsequences: false)
    guard octets.count == 4 else { return nil }
    var address: UInt32 = 0
    for octet in octets {
        guard let number = decimal(octet, upTo: 255) else { return nil }
        address = address << 8 | UInt32(number)
    }
    return address
}

private func addressIPv6(_ text: Substring) -> UInt128? {
    guard text.utf8.count <= 45, text.contains(":") else { return nil }
    var head: [UInt16] = []
    var tail: [UInt16] = []
    var hasGap = false
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    for (position, field) in fields.enumerated() {
        var groups: [UInt16] = []
        if field.isEmpty {
            let isEdge = position == 0 || position == fields.count - 1
            if isEdge {
                guard fields.count > 2, position == 0 ? fields[1].isEmpty : fields[fields.count - 2].isEmpty else {
                    return nil
                }
                continue
            }
            guard !hasGap else { return nil }
            hasGap = true
        } else if position == fields.count - 1, field.contains(".") {
            guard let last = addressIPv4(field) else { return nil }
            groups = [UInt16(last >> 16), UInt16(last & 0xFFFF)]
        } else {
            guard field.utf8.count <= 4, field.utf8.first != UInt8(ascii: "+"), let group = UInt16(field, radix: 16)
            else {
                return nil
            }
            groups = [group]
        }
        if hasGap { tail += groups } else { head += groups }
    }
    let missing = 8 - head.count - tail.count
    guard hasGap ? missing >= 0 : missing == 0 else { return nil }
    let groups = head + Array(repeating: 0, count: missing) + tail
    return groups.reduce(0) { $0 << 16 | UInt128($1) }
}

/// The canonical text of an IPv6 address (RFC 5952 §4).
private func textIPv6(_ address: UInt128) -> String {
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: address >> UInt128(112 - 16 * $0)) }
    var (bestStart, bestLength) = (0, 0)
    var (start, length) = (0, 0)
    for (position, group) in groups.enumerated() {
        if group == 0 {
            if length == 0 { start = position }
            length += 1
            if length > bestLength { (bestStart, bestLength) = (start, length) }
        } else {
            length = 0
        }
    }
    func text(_ part: some Sequence<UInt16>) -> String {
        part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard bestLength > 1 else { return text(groups) }
    return text(groups[..<bestStart]) + "::" + text(groups[(bestStart + bestLength)...])
}
