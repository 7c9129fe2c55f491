// SPDX-License-Identifier: Apache-2.0
// What random packets met, counted, so that a run that met too little fails: conditions that held and that failed,
// actions, places, kinds of packets, and what the kernel did.
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator

/// How often packets met something, by what it is.
struct RandomCoverage {
    private(set) var counts: [String: Int] = [:]

    private mutating func add(_ kind: String) { counts[kind, default: 0] += 1 }

    mutating func merge(_ other: Self) { counts.merge(other.counts, uniquingKeysWith: +) }

    /// What has to be met and was not.
    var missing: [String] { Self.required.filter { counts[$0, default: 0] == 0 } }

    /// Everything that has to be met and how often it was, one line for each group.
    var report: String {
        let groups = Dictionary(grouping: Self.required) { $0.prefix { $0 != ":" } }
        return groups.sorted { $0.key < $1.key }.map { group, kinds in
            let items = kinds.map { "\($0.dropFirst(group.count + 2)) \(counts[$0, default: 0])" }
            return "\(group): \(items.joined(separator: ", "))"
        }.joined(separator: "\n")
    }

    // MARK: Packets

    /// Notes a packet's shape, its end, and, where it was traced, every term that it met.
    mutating func note(_ answer: PacketAnswer, _ fate: PacketFate, _ vector: PacketVector, of router: RandomRouter) {
        let header = vector.packet.header
        for shape in Self.shapes(header) { add("packets: \(header.family) \(shape)") }
        add("modes: \(header.family) \(router.modes[header.family] ?? "")")
        if let stack = answer.stack { add("stack: \(stack.rawValue)") }
        let way =
            "\(vector.inputInterface == "local" ? "sent" : vector.outputInterface == "local" ? "local" : "transit")"
        let end = answer.stage == .reassembly ? "held" : answer.verdict.rawValue
        add("ends: \(header.family) \(way) \(end)")
        if answer.packet.header.totalLength > header.totalLength { add("ends: \(header.family) reassembled") }
        if case .answered(let reply) = fate { add("replies: \(header.family) \(reply)") }
        for line in answer.trace where !line.path.isEmpty { note(line, header.family, vector, router) }
    }

    private mutating func note(
        _ line: TraceLine,
        _ version: AddressFamily,
        _ vector: PacketVector,
        _ router: RandomRouter
    ) {
        // `firewall family F filter NAME term T`.
        let words = line.path.split(separator: " ").map(String.init)
        guard words.count == 7, words[0] == "firewall", let family = FilterFamily(rawValue: words[2]),
            let filter = router.filters.first(where: { $0.family == family && $0.name == words[4] }),
            let term = filter.terms.first(where: { $0.name == words[6] })
        else { return }
        let place = family == .any ? "any \(version)" : family.rawValue
        // Of a packet that a policer drops nothing else is said.
        if line.text.hasPrefix("match") || line.text.hasPrefix("policer") {
            for keyword in Set(term.from.map(Self.keyword)) { add("conditions that held: \(place) \(keyword)") }
            for action in Self.actions(term) { add("actions: \(place) \(action)") }
            notePlace(line.stage, place, family, filter, vector, router)
        } else if line.text.hasPrefix("no match: ") {
            let failed = line.text.dropFirst("no match: ".count).prefix { $0 != "," && $0 != " " }
            // One list of addresses is written by two keywords.
            let list = failed.hasSuffix("address") ? failed.dropLast("address".count) + "prefix-list" : failed
            for keyword in Set(term.from.map(Self.keyword)) where [String(failed), String(list)].contains(keyword) {
                add("conditions that failed: \(place) \(keyword)")
            }
        }
    }

    private mutating func notePlace(
        _ stage: Stage,
        _ place: String,
        _ family: FilterFamily,
        _ filter: RandomRouter.Filter,
        _ vector: PacketVector,
        _ router: RandomRouter
    ) {
        let (interface, way): (String?, String) =
            switch stage {
            case .inputFilter, .routingEngineFilter: (vector.inputInterface, "input")
            case .outputFilter: (vector.outputInterface, "output")
            case .lo0Input: ("lo0.0", "input")
            default: ("lo0.0", "output")
            }
        guard
            let attachment = router.attachments.first(where: {
                $0.interface == interface && $0.family == family && $0.way == way
            })
        else { return }
        add("places: \(place) \(stage.rawValue) \(attachment.isList ? "list" : "alone")")
        if attachment.isUnitWide { add("places: \(place) unit-wide") }
        if !attachment.filters.contains(filter.name) { add("places: \(place) nested") }
        if filter.isInterfaceSpecific { add("places: \(place) interface-specific") }
    }

    /// A line's keyword; every keyword that a line stands for is its first word.
    private static func keyword(_ line: String) -> String { String(line.prefix { $0 != " " }) }

    /// What a term does, values left out where they are free.
    private static func actions(_ term: RandomRouter.Term) -> [String] {
        let free: Set = ["count", "forwarding-class", "loss-priority", "dscp", "traffic-class", "next-ip", "next-ip6"]
        return term.then.map { free.contains(keyword($0)) ? keyword($0) : $0 } + (term.then.isEmpty ? ["nothing"] : [])
    }

    private static func shapes(_ header: PacketHeader) -> [String] {
        var result = [header.isLaterFragment ? "later fragment" : header.isFragment ? "first fragment" : "whole"]
        if header.isLaterFragment, !header.moreFragments { result.append("last fragment") }
        for octets in [0, 2, 4, 14] where header.transportOffset.map({ header.end < $0 + octets }) == true {
            result.append("less than \(octets) octets of transport")
        }
        if header.totalLength > 1500 { result.append("long") }
        if header.family == .inet6 { return result + header.extensionHeaders.map { "header \($0)" } }
        if header.doesNotFragment { result.append("dont-fragment") }
        if header.reservedBit { result.append("reserved") }
        return result + header.optionTypes.map { "option \($0)" }
    }

    // MARK: What has to be met

    private static let required = conditions + actions + places + shapes + ends

    /// Every keyword that the model supports, in each family: one that is new has to be thrown too.
    private static let conditions = matchConditionSupport.flatMap { condition in
        guard condition.state == .supported else { return [String]() }
        // Hints hold always.
        let isHint = condition.keyword.hasSuffix("-optimize")
        return FilterFamily.allCases.filter(condition.families.contains).flatMap(placesOf).flatMap { place in
            ["conditions that held: \(place) \(condition.keyword)"]
                + (isHint ? [] : ["conditions that failed: \(place) \(condition.keyword)"])
        }
    }

    private static func placesOf(_ family: FilterFamily) -> [String] {
        family == .any ? AddressFamily.allCases.map { "any \($0)" } : [family.rawValue]
    }

    private static let actions = FilterFamily.allCases.flatMap { family in
        placesOf(family).flatMap { place in RandomActions.all(family).map { "actions: \(place) \($0)" } }
    }

    private static let places = FilterFamily.allCases.flatMap(placesOf).flatMap { place in
        [Stage.inputFilter, .routingEngineFilter, .outputFilter, .lo0Input, .lo0Output].flatMap { stage in
            ["alone", "list"].map { "places: \(place) \(stage.rawValue) \($0)" }
        }
            + (["nested", "interface-specific"] + (place.hasPrefix("any") ? ["unit-wide"] : [])).map {
                "places: \(place) \($0)"
            }
    }

    private static let shapes: [String] = {
        var kinds: [String] = []
        for version in AddressFamily.allCases {
            for shape in ["whole", "first fragment", "later fragment", "last fragment", "long"] {
                kinds.append("packets: \(version) \(shape)")
            }
            for octets in [2, 4, 14] { kinds.append("packets: \(version) less than \(octets) octets of transport") }
        }
        for bit in ["dont-fragment", "reserved"] { kinds.append("packets: inet \(bit)") }
        for type in [0, 1, 7, 68, 130, 131, 136, 137, 148, 200] { kinds.append("packets: inet option \(type)") }
        for number in [0, 43, 44, 50, 51, 60, 135] { kinds.append("packets: inet6 header \(number)") }
        let reasons: [StackDrop] = [
            .badChecksum, .malformedOptions, .timeToLiveExceeded, .martianSource, .martianDestination, .multicast,
            .sourceRoute,
        ]
        return kinds + reasons.map { "stack: \($0.rawValue)" }
    }()

    private static let ends: [String] = {
        // In packet mode only IPv4 to the router itself is put together (kernel facts §1.2).
        var kinds = ["ends: inet local held", "ends: inet reassembled", "modes: inet6 drop"]
        for mode in ["plain", "packet-based"] { kinds += AddressFamily.allCases.map { "modes: \($0) \(mode)" } }
        for version in AddressFamily.allCases {
            for way in ["transit", "local", "sent"] {
                for end in ["accept", "discard", "reject"] { kinds.append("ends: \(version) \(way) \(end)") }
            }
            let codes = RandomActions.messages[version == .inet ? .inet : .inet6]?.indices ?? 0..<0
            var replies = codes.map { Observation.Answer.icmp(type: version == .inet ? 3 : 1, code: UInt8($0)) }
            replies.append(.tcpReset)
            kinds += replies.map { "replies: \(version) \($0)" }
        }
        return kinds
    }()
}
