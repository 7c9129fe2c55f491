// SPDX-License-Identifier: Apache-2.0
// Security policies of one zone pair as one chain (flow reference §6).
import NetworkTypes
import NftablesIR
import PolicyModel

/// What happens to a first packet that no policy decides.
enum ContextEnd: Hashable {
    /// `default-policy`.
    case deny
    case permit
    /// To and from the router (flow reference §3.4).
    case selfTraffic
}

/// Names of counters that are not a filter's.
enum FlowCounter {
    /// Hits of a policy.
    static func policy(_ hitName: [String]) -> String { stateName(["policy"] + hitName) }
    /// First packets that the default policy decided.
    static let defaultPolicy = stateName(["policy", "all-zone", "all-zone", "default-policy"])
    /// Packets dropped in front of policy look-up.
    static func drop(_ reason: String) -> String { stateName(["flow", reason]) }
}

/// Compiles the rules of zone pairs.
///
/// Packets are whole here: conntrack has reassembled them.
struct SessionRuleCompiler {
    let checks: SessionChecks
    /// Devices of zones that answer segments of no session with a reset.
    let resettingDevices: [String]

    init(_ flow: FlowPolicy) {
        checks = flow.checks
        resettingDevices = flow.zones.filter(\.resetsStrayTCP).flatMap(\.devices.keys)
    }

    /// The chain that decides first packets of a pair.
    ///
    /// - Parameter next: The chain that has a say about permitted packets; nil where nothing has.
    func chain(
        _ rules: [SessionRule],
        end: ContextEnd,
        then next: String? = nil,
        _ builder: inout ProgramBuilder
    ) -> String {
        let permit = Expression.verdict(next.map { .goto($0) } ?? .accept)
        var compiled: [Rule] = []
        for rule in rules { compiled += compile(rule, permit, &builder) }
        return builder.chain("policies", compiled + ending(end, permit, &builder))
    }

    private func compile(_ rule: SessionRule, _ permit: Expression, _ builder: inout ProgramBuilder) -> [Rule] {
        guard !rule.isDormant else {
            builder.object(.counter(FlowCounter.policy(rule.hitName)), .counter)
            return []
        }
        let action = builder.chain("policy", decision(rule, permit, &builder))
        // With both versions and no address named, one rule serves both.
        if rule.addresses.count == 2, rule.addresses.values.allSatisfy(\.clauses.isEmpty) {
            return compile([], [[]], rule.services, version: .inet, action, rule.origin, &builder)
        }
        return AddressFamily.allCases.flatMap { version -> [Rule] in
            guard let match = rule.addresses[version], !match.isNever else { return [] }
            let conditions = ConditionCompiler(version: version, access: .transportHeader)
            let alternatives = conditions.alternatives(match, &builder)
            return compile(
                isVersion(version),
                alternatives,
                rule.services,
                version: version,
                action,
                rule.origin,
                &builder
            )
        }
    }

    private func compile(
        _ guards: [Expression],
        _ alternatives: [[Expression]],
        _ services: [ServiceMatch]?,
        version: AddressFamily,
        _ action: String,
        _ origin: String,
        _ builder: inout ProgramBuilder
    ) -> [Rule] {
        guard let services else {
            return alternatives.map { Rule(guards + $0 + [.verdict(.goto(action))], comment: origin) }
        }
        let idleTimes = IdleTimes(times: checks.times)
        let tests = serviceTests(services, version: version, &builder).map { test in
            let target = idleTimes.chain(test.protocolNumber, idle: test.idleTime, then: action, origin, &builder)
            return test.expressions + [.verdict(.goto(target))]
        }
        if tests.count <= 1 {
            return tests.flatMap { test in alternatives.map { Rule(guards + $0 + test, comment: origin) } }
        }
        let chain = builder.chain("services", tests.map { Rule($0, comment: origin) })
        return alternatives.map { Rule(guards + $0 + [.verdict(.jump(chain))], comment: origin) }
    }

    private func decision(_ rule: SessionRule, _ permit: Expression, _ builder: inout ProgramBuilder) -> [Rule] {
        let counter = ObjectKey.counter(FlowCounter.policy(rule.hitName))
        builder.object(counter, .counter)
        var rules = rule.requiresSYN ? synCheck(rule.origin, &builder) : []
        rules.append(Rule([.object(counter)], comment: rule.origin))
        if rule.logs { rules.append(Rule([.log(logParameters(.policy, rule.origin))], comment: rule.origin)) }
        switch rule.action {
        case .permit:
            rules += SegmentSizeCompiler().rules(rule.segmentSizes, rule.origin)
            rules.append(Rule(ConntrackState.own(rule.index) + [permit], comment: rule.origin))
        case .deny:
            rules.append(Rule([.verdict(.drop)], comment: rule.origin))
        case .reject:
            let mark = Mark.set(Mark.reject, to: Mark.reject)
            rules += [
                Rule(isProtocol(6) + mark + [.reject(.tcpReset)], comment: rule.origin),
                // Code 1 of the family-independent form is port unreachable.
                Rule(isProtocol(17) + mark + [.reject(.icmpx(code: 1))], comment: rule.origin),
                Rule([.verdict(.drop)], comment: rule.origin),
            ]
        }
        return rules
    }

    /// Segments that are no SYN begin no session under this rule; they are answered like those of no session at all
    /// (flow reference §2.4).
    private func synCheck(_ origin: String, _ builder: inout ProgramBuilder) -> [Rule] {
        let counter = ObjectKey.counter(FlowCounter.drop("syn-check"))
        builder.object(counter, .counter)
        let isNoSYN =
            isProtocol(6) + [
                .payloadLoad(.transport, offset: 13, length: 1, into: .one),
                .bitwise(.one, into: .one, mask: RegisterValue([0x17]), xor: RegisterValue([0])),
                .compare(.notEqual, .one, RegisterValue([0x02])),
            ]
        var rules: [Rule] = []
        if !resettingDevices.isEmpty {
            let set = builder.deviceSet(resettingDevices)
            rules.append(
                Rule(
                    [
                        .metaLoad(.inputInterfaceName, into: .one),
                        .lookup(set: set, key: .one, into: nil, inverted: false),
                    ] + isNoSYN + tcpFlags(0x04, are: 0) + [.object(counter)]
                        + Mark.set(Mark.reject, to: Mark.reject) + [.reject(.tcpReset)],
                    comment: origin
                )
            )
        }
        rules.append(Rule(isNoSYN + [.object(counter), .verdict(.drop)], comment: origin))
        return rules
    }

    private func ending(_ end: ContextEnd, _ permit: Expression, _ builder: inout ProgramBuilder) -> [Rule] {
        let size = checks.segmentSize
        let clamp = SegmentSizeCompiler().rules(SegmentSizes(initial: size, reverse: size), nil)
        switch end {
        case .selfTraffic:
            return clamp + [Rule(ConntrackState.own(FlowPolicy.selfTrafficIndex) + [permit])]
        case .deny, .permit:
            let counter = ObjectKey.counter(FlowCounter.defaultPolicy)
            builder.object(counter, .counter)
            let origin = "security policies default-policy"
            let verdict =
                end == .deny
                ? [Expression.verdict(.drop)]
                : ConntrackState.own(FlowPolicy.defaultPolicyIndex) + [permit]
            return [Rule([.object(counter)], comment: origin)] + (end == .deny ? [] : clamp)
                + [Rule(verdict, comment: origin)]
        }
    }
}

/// One test for alternatives of one protocol.
struct ServiceTest {
    /// Goes on only for what one of them matches.
    var expressions: [Expression]
    var protocolNumber: UInt8
    /// The idle time that all of them have.
    var idleTime: UInt32?
}

/// Tests for protocol alternatives; neighbours that differ in destination ports alone become one.
///
/// The first alternative that matches says the idle time, so one with another time is never passed over.
func serviceTests(
    _ services: [ServiceMatch],
    version: AddressFamily,
    _ builder: inout ProgramBuilder
) -> [ServiceTest] {
    struct Group: Hashable {
        /// How often the idle time has changed before it.
        var run: Int
        var protocolNumber: UInt8
        var others: [[Condition]]
        var hasPorts: Bool
        var idleTime: UInt32?
    }
    var order: [Group] = []
    var ports: [Group: [ClosedRange<UInt128>]] = [:]
    for service in services {
        let last = order.last
        let run = last.map { $0.idleTime == service.idleTime ? $0.run : $0.run + 1 } ?? 0
        var group = Group(
            run: run,
            protocolNumber: service.protocolNumber,
            others: [],
            hasPorts: false,
            idleTime: service.idleTime
        )
        var ranges: [ClosedRange<UInt128>] = []
        for clause in service.match.clauses {
            if clause.count == 1, case .field(.destinationPort, mask: nil, let set) = clause[0] {
                group.hasPorts = true
                ranges += set.intervals
            } else {
                group.others.append(clause)
            }
        }
        if ports[group] == nil { order.append(group) }
        ports[group, default: []] += ranges
    }
    let conditions = ConditionCompiler(version: version, access: .transportHeader)
    var tests: [ServiceTest] = []
    for group in order {
        let portClause: [[Condition]] =
            group.hasPorts ? [[.field(.destinationPort, mask: nil, IntervalSet(ports[group] ?? []))]] : []
        let match = MatchExpression(portClause + group.others)
        tests += conditions.alternatives(match, &builder).map { alternative in
            ServiceTest(
                expressions: isProtocol(group.protocolNumber) + alternative,
                protocolNumber: group.protocolNumber,
                idleTime: group.idleTime
            )
        }
    }
    return tests
}
