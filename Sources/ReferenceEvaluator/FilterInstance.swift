// SPDX-License-Identifier: Apache-2.0
// A filter where it is attached: which names its counters have, which buckets its policers drain (filters reference
// §5.5, DESIGN §3.8).
import JunosModel
import NetworkTypes

/// Which way a packet passes an interface.
enum FilterDirection: String, Sendable {
    case input = "i"
    case output = "o"
}

/// One body at one interface and direction.
struct FilterInstance: Sendable {
    let body: FilterBody
    /// `FAMILY:FILTER/`.
    let prefix: String
    /// `-IFL-i`; empty under `--filter`.
    let suffix: String
    /// The first bucket of each of the body's policers.
    let buckets: [Int]
    /// Whether the second pass can differ; where it cannot, it is left out (DESIGN §3.1).
    var hasSecondPass = false
    /// Whether it is a policer of the interface, which accepts nothing but only lets pass.
    var isInterfacePolicer = false

    /// The key of a counter in an answer.
    func key(_ counter: String, secondPass: Bool) -> String {
        prefix + counter + suffix + (secondPass ? "@routing-engine" : "")
    }
}

/// All instances of the configuration, and the state of their buckets.
struct FilterInstances: Sendable {
    /// What a packet of one version meets at one interface in one direction, family any first (DESIGN §3.7).
    private var instances: [[FilterInstance]] = []
    private(set) var buckets: [TokenBucket] = []
    private var bucketNumbers: [String: Int] = [:]
    private(set) var builder: FilterBodyBuilder
    private var plainInstances: [PlainKey: FilterInstance] = [:]

    private struct PlainKey: Hashable {
        let name: FilterName
        let version: AddressFamily
    }

    /// Takes the number of a policer's first bucket; the same key gives the same bucket.
    private mutating func buckets(_ key: String, of policer: FilterBodyPolicer) -> Int {
        if let known = bucketNumbers[key] { return known }
        let first = buckets.count
        for _ in 0..<policer.count { buckets += policer.rates.map(TokenBucket.init) }
        bucketNumbers[key] = first
        return first
    }

    /// Charges a bucket; whether the packet conforms.
    mutating func admits(bucket: Int, length: Int, nanoseconds: UInt64) -> Bool {
        buckets[bucket].admits(length: length, nanoseconds: nanoseconds)
    }

    /// The instances at an interface, family any first.
    func at(_ interface: Int, _ direction: FilterDirection, _ version: AddressFamily) -> [FilterInstance] {
        instances[index(interface, direction, version)]
    }

    private func index(_ interface: Int, _ direction: FilterDirection, _ version: AddressFamily) -> Int {
        interface * 4 + (direction == .output ? 2 : 0) + (version == .inet6 ? 1 : 0)
    }

    init(_ configuration: JunosConfiguration) {
        builder = FilterBodyBuilder(configuration)
        let mtus = Self.mtus(configuration)
        instances.reserveCapacity(configuration.interfaces.count * 4)
        for interface in configuration.interfaces {
            for direction in [FilterDirection.input, .output] {
                for version in AddressFamily.allCases {
                    var found: [FilterInstance] = []
                    let policer = policer(at: interface, direction, version)
                    // The policer of the interface stands outside its filters (§4.4).
                    if direction == .input, let policer { found.append(policer) }
                    for family in [FilterFamily.any, version == .inet ? .inet : .inet6] {
                        let settings = interface.families[family]
                        guard let attachment = direction == .input ? settings?.input : settings?.output else {
                            continue
                        }
                        let mtu = mtus[AttachmentKey(family, attachment)] ?? defaultMTU
                        let body = builder.body(family, attachment, version, mtu: mtu)
                        found.append(instance(body, attachment, at: interface, direction))
                    }
                    if direction == .output, let policer { found.append(policer) }
                    if direction == .input { markSecondPass(&found) }
                    instances.append(found)
                }
            }
        }
    }

    /// The instance that `--filter` evaluates: plain names, buckets of its own.
    mutating func plain(_ filter: FirewallFilter, _ version: AddressFamily) -> FilterInstance {
        let name = filter.name
        let key = PlainKey(name: name, version: version)
        if let known = plainInstances[key] { return known }
        let attachment = FilterAttachment(filters: [name.name], isList: false, source: filter.source)
        let body = builder.body(name.family, attachment, version, mtu: defaultMTU)
        let prefix = "\(name.family.rawValue):\(name.name)/"
        let instance = FilterInstance(
            body: body,
            prefix: prefix,
            suffix: "",
            buckets: body.policers.map { buckets("--filter \(prefix)\($0.scope)", of: $0) }
        )
        plainInstances[key] = instance
        return instance
    }

    private mutating func instance(
        _ body: FilterBody,
        _ attachment: FilterAttachment,
        at interface: LogicalInterface,
        _ direction: FilterDirection
    ) -> FilterInstance {
        let place = "\(interface.name)-\(direction.rawValue)"
        // A list is one consolidated filter that has the name of its place (§5.2).
        let owner = attachment.isList ? place : attachment.filters.first ?? ""
        let sharing = body.isInterfaceSpecific ? "\(owner) at \(place)" : owner
        return FilterInstance(
            body: body,
            prefix: "\(body.family.rawValue):\(owner)/",
            suffix: "-\(place)",
            // Without `interface-specific` one bucket serves all interfaces and both directions (§4.4, §5.5).
            buckets: body.policers.map {
                let owner =
                    $0.isOfPhysicalInterface
                    ? "physical \(interface.physicalName)-\(direction.rawValue)"
                    : "\(body.family.rawValue)/\(sharing)"
                return buckets("\(owner)/\($0.scope)", of: $0)
            }
        )
    }

    /// The policer that stands at an interface without a filter: each family has its own, or all share a
    /// `logical-interface-policer` (§4.4).
    private mutating func policer(
        at interface: LogicalInterface,
        _ direction: FilterDirection,
        _ version: AddressFamily
    ) -> FilterInstance? {
        let family: FilterFamily = version == .inet ? .inet : .inet6
        let settings = interface.families[family]
        guard let attachment = direction == .input ? settings?.inputPolicer : settings?.outputPolicer,
            let policer = builder.policer(attachment.policer)
        else { return nil }
        let sharing = policer.reach == .logicalInterface ? FilterFamily.any : family
        let body = builder.body(policer, sharing, path: "\(attachment.source.path) \(policer.name)")
        let place = "\(interface.name)-\(direction.rawValue)"
        return FilterInstance(
            body: body,
            prefix: "\(sharing.rawValue):\(interfacePolicerOwner)/",
            suffix: "-\(place)",
            buckets: body.policers.map { buckets("interface \(place)/\(sharing.rawValue)/\($0.scope)", of: $0) },
            isInterfacePolicer: true
        )
    }

    /// What shares a bucket's parameters: the same filters in the same order.
    private struct AttachmentKey: Hashable {
        let family: FilterFamily
        let filters: [String]
        let isList: Bool

        init(_ family: FilterFamily, _ attachment: FilterAttachment) {
            self.family = family
            filters = attachment.filters
            isList = attachment.isList
        }
    }

    /// The largest MTU of the interfaces that share a filter: its bucket counts with that one (DESIGN §3.13).
    private static func mtus(_ configuration: JunosConfiguration) -> [AttachmentKey: Int] {
        var result: [AttachmentKey: Int] = [:]
        for interface in configuration.interfaces {
            for (family, settings) in interface.families {
                for attachment in [settings.input, settings.output].compactMap(\.self) {
                    let key = AttachmentKey(family, attachment)
                    result[key] = max(result[key] ?? 0, interface.mtu ?? defaultMTU)
                }
            }
        }
        return result
    }

    /// Finds the filters that are evaluated a second time: they ask for what the first pass of this interface's filters
    /// changes, or for what reassembly changes; or they change what such a filter changes too, so that it would meet
    /// something else without them (DESIGN §3.1).
    private func markSecondPass(_ instances: inout [FilterInstance]) {
        let changes = instances.map { ContextChanges($0.body) }
        for index in instances.indices {
            instances[index].hasSecondPass = instances[index].body.terms.contains { term in
                term.source.contains { condition in
                    condition.dependsOnFragments || changes.contains { $0.canAffect(condition) }
                }
            }
        }
        let repeated = instances.indices.filter { instances[$0].hasSecondPass }
        for index in instances.indices where repeated.contains(where: { changes[$0].overlap(changes[index]) }) {
            instances[index].hasSecondPass = true
        }
    }
}

/// The MTU where none is configured.
let defaultMTU = 1500

/// What one filter may leave changed.
private struct ContextChanges {
    let forwardingClass: Bool
    let lossPriority: Bool
    let dscp: Bool

    init(_ body: FilterBody) {
        forwardingClass =
            body.terms.contains { $0.forwardingClass != nil } || body.policers.contains(where: \.changesForwardingClass)
        lossPriority =
            body.terms.contains { $0.lossPriority != nil } || body.policers.contains(where: \.changesLossPriority)
        dscp = body.terms.contains { $0.dscp != nil }
    }

    /// Whether both may change one thing.
    func overlap(_ other: ContextChanges) -> Bool {
        forwardingClass && other.forwardingClass || lossPriority && other.lossPriority || dscp && other.dscp
    }

    /// Whether a condition can decide differently the second time.
    func canAffect(_ condition: MatchCondition) -> Bool {
        switch condition {
        case .forwardingClass: forwardingClass
        case .lossPriority: lossPriority
        case .number(.dscp, _, _), .number(.trafficClass, _, _), .number(.precedence, _, _): dscp
        default: false
        }
    }
}

extension MatchCondition {
    /// Whether it can decide differently on a datagram than on its fragments.
    fileprivate var dependsOnFragments: Bool {
        switch self {
        case .number(.fragmentOffset, _, _), .number(.packetLength, _, _): true
        // Reassembly takes the fragment header away and shows what stood behind it.
        case .number(.nextHeader, _, _), .extensionHeader: true
        case .isFragment, .firstFragment, .lastFragment, .fragmentFlags: true
        // Octets of the IP header: lengths and fragments may be among them.
        case .flexibleMask(let field, _, _), .flexibleRange(let field, _, _): field.start == .layer3
        default: false
        }
    }
}
