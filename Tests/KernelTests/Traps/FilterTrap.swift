// SPDX-License-Identifier: Apache-2.0
// One trap of filters reference §8, as model, program and kernel are asked about it.
import JunosModel

/// A router, packets, and what the reference says becomes of them.
struct FilterTrap: Sendable, CustomStringConvertible {
    /// A packet as a line, perhaps with its way in front of it (`eth2>local: …`), and what is expected of it: a verdict, the
    /// message of a refusal, counters as `name=packets` (of filter F at `eth1`, input, unless they say more), exceeded
    /// policers as `over:name=packets`, and `logged`.
    typealias Row = (line: String, expected: String)

    /// One filter of `show firewall` with its rows, counters and policers, and their packets.
    struct Shown: Sendable {
        var filter: String
        var rows: [String: UInt64]
    }

    /// `T12`, perhaps with more words; a row may stand for several traps.
    let name: String
    /// The whole configuration.
    let text: String
    /// Packets in the order in which they come.
    let packets: [Row]
    /// What is shown afterwards.
    let shown: [Shown]
    /// Codes of warnings that a commit gives; nil where the trap says nothing of them.
    let warnings: [String]?

    var description: String { name }

    /// The numbers in the name.
    var numbers: [Int] { trapNumbers(name) }

    /// A trap with a configuration of its own.
    init(_ name: String, text: String, packets: [Row], shown: [Shown] = [], warnings: [String]? = nil) {
        self.name = name
        self.text = text
        self.packets = packets
        self.shown = shown
        self.warnings = warnings
    }

    /// A trap about filter F, which packets meet that arrive at `eth1`.
    init(
        _ name: String,
        family: FilterFamily = .inet,
        terms: String,
        firewall: String = "",
        more: String = "",
        warnings: [String]? = nil,
        packets: [Row]
    ) {
        let filter = "firewall { \(firewall) family \(family.rawValue) { filter F { \(terms) } } } \(more)"
        self.init(
            name,
            text: trapRouter(filter, eth1: [family: "input F;"]),
            packets: packets,
            warnings: warnings
        )
    }
}

/// The numbers of traps in a name.
func trapNumbers(_ name: String) -> [Int] {
    name.split { $0 == " " || $0 == "," || $0 == ":" }.compactMap { word in
        word.first == "T" ? Int(word.dropFirst()) : nil
    }
}

/// The packet of the traps that say "any".
let anyPacket = "udp 192.0.2.1:1000 > 198.51.100.1:2000 len=100"

/// Two interfaces and lo0 of a plain router, with filters in them and further text behind.
func trapRouter(
    _ text: String,
    eth1: [FilterFamily: String] = [:],
    eth2: [FilterFamily: String] = [:],
    lo0: [FilterFamily: String] = [:]
) -> String {
    func unit(_ name: String, _ filters: [FilterFamily: String], _ addresses: [FilterFamily: String]) -> String {
        let families = FilterFamily.allCases.map { family in
            let filter = filters[family].map { "filter { \($0) }" } ?? ""
            let address = addresses[family].map { "address \($0);" } ?? ""
            return filter.isEmpty && address.isEmpty ? "" : "family \(family.rawValue) { \(filter) \(address) }"
        }
        return "\(name) { unit 0 { \(families.joined(separator: " ")) } }"
    }
    return """
        interfaces {
            \(unit("eth1", eth1, [.inet: "172.31.1.1/24", .inet6: "2001:db8:1001::1/64"]))
            \(unit("eth2", eth2, [.inet: "172.31.2.1/24", .inet6: "2001:db8:1002::1/64"]))
            \(unit("lo0", lo0, [.inet: "172.31.255.1/32"]))
        }
        \(text)
        """
}
