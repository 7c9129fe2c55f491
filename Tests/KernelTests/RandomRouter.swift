// SPDX-License-Identifier: Apache-2.0
// Random valid configurations of a plain router: filters of every family, in lists, nested, at devices and at lo0.
import JunosModel
import NetworkTypes

/// A router whose filters are thrown by dice.
struct RandomRouter {
    /// One term as its lines.
    struct Term: Hashable {
        var name: String
        var from: [String] = []
        var then: [String] = []
        /// The filter whose terms stand in its place.
        var nested: String?
    }

    /// One filter.
    struct Filter: Hashable {
        var family: FilterFamily
        var name: String
        var use: RandomActions.Use
        var isInterfaceSpecific: Bool
        var terms: [Term]
    }

    /// Where filters hang.
    struct Attachment: Hashable {
        var interface: String
        var family: FilterFamily
        /// `input` or `output`.
        var way: String
        var filters: [String]
        var isList: Bool
        /// Written directly under the unit, as family any may be (filters reference §5.1).
        var isUnitWide = false
    }

    /// All filters; those that others refer to come first.
    var filters: [Filter] = []
    /// Filters at interfaces.
    private(set) var attachments: [Attachment] = []
    /// How the router handles each family: as a plain router's does, or as `security forwarding-options` says.
    private(set) var modes: [AddressFamily: String] = [:]
    /// What all routers have, prefix lists, interface groups.
    private var rest: [String] = []
    /// Edges of everything that the conditions say.
    let edges: Edges

    /// The logical interfaces beside lo0, by the device of each.
    static let devices = ["eth1": "eth1.0", "eth2": "eth2.0", "eth3.100": "eth3.7"]

    /// Addresses of the devices; nothing else is in these networks.
    static let own: [AddressFamily: [String: String]] = [
        .inet: ["eth1": "192.168.1.1", "eth2": "192.168.2.1", "eth3.100": "192.168.3.1"],
        .inet6: ["eth1": "2fff:1::1", "eth2": "2fff:2::1", "eth3.100": "2fff:3::1"],
    ]

    init(_ dice: inout Dice) {
        var conditions = RandomConditions(&dice)
        for (name, prefixes) in conditions.prefixLists.sorted(by: { $0.key < $1.key }) {
            rest.append("set policy-options prefix-list \(name)")
            for prefix in prefixes { rest.append("set policy-options prefix-list \(name) \(prefix)") }
        }
        rest += Self.surroundings
        for family in FilterFamily.allCases where family != .any || dice.chance(40) {
            for name in ["F1", "F2", "F3", "F4", "A1", "A2"] {
                let use: RandomActions.Use = name == "F1" ? .nested : name.hasPrefix("A") ? .arrival : .everywhere
                let filter = Filter(
                    family: family,
                    name: name,
                    use: use,
                    isInterfaceSpecific: dice.chance(30),
                    terms: Self.terms(family, use, nested: use == .nested ? nil : "F1", &conditions, &dice)
                )
                filters.append(filter)
            }
        }
        edges = conditions.edges
        attach(&dice)
        setModes(&dice)
    }

    /// Sometimes there is a `security` hierarchy that forwards by packets, or drops a family (DESIGN §3.14).
    private mutating func setModes(_ dice: inout Dice) {
        let isPlain = dice.chance(75)
        for version in AddressFamily.allCases {
            let mode = version == .inet6 && dice.chance(20) ? "drop" : "packet-based"
            modes[version] = isPlain ? "plain" : mode
            if !isPlain { rest.append("set security forwarding-options family \(version) mode \(mode)") }
        }
    }

    private static let surroundings =
        RandomActions.definitions.map { "set \($0)" }
        + [
            "set firewall interface-set S eth2.0", "set firewall interface-set S eth3.*",
            "set interfaces eth3 unit 7 vlan-id 100",
            "set interfaces lo0 unit 0 family inet", "set interfaces lo0 unit 0 family inet6",
        ]
        + devices.sorted { $0.key < $1.key }.flatMap { device, name in
            let parts = name.split(separator: ".")
            let unit = "set interfaces \(parts[0]) unit \(parts[1])"
            return [
                "set interfaces \(parts[0]) mtu 9000",
                "\(unit) family inet address \(own[.inet]?[device] ?? "")/24",
                "\(unit) family inet6 address \(own[.inet6]?[device] ?? "")/64",
            ]
        }

    private static func terms(
        _ family: FilterFamily,
        _ use: RandomActions.Use,
        nested: String?,
        _ conditions: inout RandomConditions,
        _ dice: inout Dice
    ) -> [Term] {
        let count = dice.number(2...8)
        return (1...count).map { number in
            var term = Term(name: "t\(number)")
            if let nested, dice.chance(8) {
                term.nested = nested
                return term
            }
            let isLast = number == count
            // The last one often takes everything, so that not all packets end at the implicit discard.
            term.from = isLast && dice.chance(50) ? [] : conditions.term(family, &dice)
            term.then = RandomActions.term(family, use, isLast: isLast, &term.from, &conditions.edges, &dice)
            return term
        }
    }

    private mutating func attach(_ dice: inout Dice) {
        let families = FilterFamily.allCases.filter { family in filters.contains { $0.family == family } }
        for interface in ["eth1.0", "eth2.0", "eth3.7", "lo0.0"] {
            let isRouter = interface == "lo0.0"
            for family in families {
                let path = Self.path(interface, family)
                if !isRouter, dice.chance(50) { rest.append("\(path) filter group \(dice.number(1...8))") }
                // What arrives at eth1 is what most packets meet.
                let often = interface == "eth1.0" && family != .any ? 95 : 50
                for (way, percent) in [("input", isRouter ? 40 : often), ("output", 30)] where dice.chance(percent) {
                    let usable = filters.filter {
                        $0.family == family && ($0.use != .arrival || way == "input" && !isRouter)
                    }.map(\.name)
                    let isList = dice.chance(25)
                    attachments.append(
                        Attachment(
                            interface: interface,
                            family: family,
                            way: way,
                            filters: isList ? dice.some(usable, atMost: 3) : [dice.pick(usable)],
                            isList: isList,
                            isUnitWide: family == .any && !isList && !isRouter && dice.chance(50)
                        )
                    )
                }
            }
        }
    }

    private static func path(_ interface: String, _ family: FilterFamily, isUnitWide: Bool = false) -> String {
        let parts = interface.split(separator: ".")
        return "set interfaces \(parts[0]) unit \(parts[1])" + (isUnitWide ? "" : " family \(family.rawValue)")
    }

    /// The whole configuration.
    var text: String {
        var lines = rest
        for filter in filters {
            let path = "set firewall family \(filter.family.rawValue) filter \(filter.name)"
            if filter.isInterfaceSpecific { lines.append("\(path) interface-specific") }
            for term in filter.terms {
                let path = "\(path) term \(term.name)"
                if let nested = term.nested { lines.append("\(path) filter \(nested)") }
                for line in term.from { lines.append("\(path) from \(line)") }
                for line in term.then { lines.append("\(path) then \(line)") }
                // A term of neither would not be there at all.
                if term.nested == nil, term.from.isEmpty, term.then.isEmpty { lines.append("\(path) then accept") }
            }
        }
        for attachment in attachments {
            let place = Self.path(attachment.interface, attachment.family, isUnitWide: attachment.isUnitWide)
            let path = "\(place) filter \(attachment.way)"
            for name in attachment.filters { lines.append("\(path)\(attachment.isList ? "-list" : "") \(name)") }
        }
        return lines.joined(separator: "\n")
    }

    /// Whether some filter judges what the stack itself sends in answer to a packet that came by an interface.
    func judgesAnswers(by interface: String, _ version: AddressFamily) -> Bool {
        attachments.contains { attachment in
            attachment.way == "output" && [interface, "lo0.0"].contains(attachment.interface)
                && (attachment.family == .any || attachment.family.rawValue == version.rawValue)
        }
    }
}
