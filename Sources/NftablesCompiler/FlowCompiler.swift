// SPDX-License-Identifier: Apache-2.0
// Zones, sessions and policies: `transit`, and what `to-routing-engine` and `from-routing-engine` ask of sessions
// (DESIGN §3.15 to §3.17, §4).
import NetworkTypes
import NftablesIR
import PolicyModel

/// Compiles the flow policy.
struct FlowCompiler {
    let flow: FlowPolicy
    private let rules: SessionRuleCompiler

    init(_ flow: FlowPolicy) {
        self.flow = flow
        rules = SessionRuleCompiler(flow)
    }

    /// `transit`: forwarded packets.
    func compileTransit(_ builder: inout ProgramBuilder) {
        var chain = [Rule(isDevice(.inputInterfaceName, "lo") + [.verdict(.accept)])]
        chain += bypass
        chain.append(Rule(Mark.isSet(Mark.packetMode) + [.verdict(.accept)], comment: "packet-mode"))
        builder.mutableMap("transit", data: .verdict, [])
        let zones = flow.zones.filter { !$0.isManagement }
        for from in zones {
            let entry = fromZone(from, zones, &builder)
            builder.mutableMap(
                "transit",
                data: .verdict,
                from.devices.keys.map { SetElement(.single(deviceName($0)), .verdict(.goto(entry))) }
            )
        }
        let dispatch =
            [
                Rule(
                    [.metaLoad(.inputInterfaceName, into: .one), .verdictMap(set: "transit", key: .one)],
                    comment: "from-zone"
                )
            ] + drop([], "no-zone", &builder)
        chain += strayErrors(dispatch, &builder)
        chain += ladder(&builder)
        builder.baseChain("transit", BaseChain(hook: .forward, priority: 0), chain + dispatch)
        for name in flow.retainedHits { builder.object(.counter(FlowCounter.policy(name)), .counter) }
    }

    /// What sessions say about a packet: invalid, untracked, owned, related, new (DESIGN §3.15).
    private func ladder(_ builder: inout ProgramBuilder) -> [Rule] {
        var chain = strayTCP(&builder)
        chain += drop(ConntrackState.isAmong(ConntrackState.invalid), "invalid", &builder)
        chain += drop(ConntrackState.isAmong(ConntrackState.untracked), "untracked", &builder)
        if flow.checks.waitsForHandshake { chain += handshake(&builder) }
        chain += SegmentSizeCompiler().sessionRules(flow, &builder)
        chain += ResetNotes.rules(&builder)
        chain.append(Rule(ConntrackState.isOwned + [.verdict(.accept)], comment: "established sessions"))
        chain += drop(ConntrackState.isAmong(ConntrackState.related), "related", &builder)
        if !flow.checks.admitsDNSResponses { chain += responses(&builder) }
        return chain
    }

    /// Until the client has completed the handshake the server may only answer it or refuse (flow reference §2.3); what
    /// the client sends too early conntrack drops.
    private func handshake(_ builder: inout ProgramBuilder) -> [Rule] {
        drop(
            isProtocol(6) + ConntrackStatus.isAmong(ConntrackStatus.assured, false) + ConntrackState.goes(1)
                + tcpFlags(0x06, are: 0),
            "handshake",
            &builder
        )
    }

    /// A first datagram to port 53 is a query, not a response (flow reference §2.6).
    private func responses(_ builder: inout ProgramBuilder) -> [Rule] {
        drop(
            isProtocol(17) + [
                .payloadLoad(.transport, offset: 2, length: 2, into: .one),
                .compare(.equal, .one, RegisterValue([0, 53])),
                // The octet behind the identifier, of which the first bit says "response".
                .payloadLoad(.transport, offset: 10, length: 1, into: .one),
                .bitwise(.one, into: .one, mask: RegisterValue([0x80]), xor: RegisterValue([0])),
                .compare(.equal, .one, RegisterValue([0x80])),
            ],
            "dns-response",
            &builder
        )
    }

    /// ICMP errors of no session, where policies may permit them (flow reference §2.6, §2.7).
    private func strayErrors(_ dispatch: [Rule], _ builder: inout ProgramBuilder) -> [Rule] {
        guard flow.checks.judgesStrayErrors else { return [] }
        let chain = builder.chain("stray-errors", dispatch)
        let kinds: [(AddressFamily, UInt8, [UInt8])] = [(.inet, 1, [3, 4, 5, 11, 12]), (.inet6, 58, [1, 2, 3, 4])]
        return kinds.map { version, number, types in
            let set = builder.constantSet(
                .integer(1),
                isInterval: false,
                Set(types.map { SetElement(.single([$0])) })
            )
            return Rule(
                ConntrackState.isAmong(ConntrackState.invalid) + isVersion(version) + isProtocol(number) + [
                    .payloadLoad(.transport, offset: 0, length: 1, into: .one),
                    .lookup(set: set, key: .one, into: nil, inverted: false),
                    // Something of the packet that it is about is there.
                    .payloadLoad(.transport, offset: 8, length: 1, into: .one),
                    .verdict(.goto(chain)),
                ],
                comment: "allow-embedded-icmp"
            )
        }
    }

    private func fromZone(_ from: Zone, _ zones: [Zone], _ builder: inout ProgramBuilder) -> String {
        let map = stateName(["transit", from.name])
        builder.mutableMap(map, data: .verdict, [])
        for to in zones {
            let chain = rules.chain(
                flow.contexts[ZonePair(from: from.name, to: to.name)] ?? [],
                end: flow.defaultPermits ? .permit : .deny,
                &builder
            )
            builder.mutableMap(
                map,
                data: .verdict,
                to.devices.keys.map { SetElement(.single(deviceName($0)), .verdict(.goto(chain))) }
            )
        }
        return builder.chain(
            "from-zone",
            [Rule([.metaLoad(.outputInterfaceName, into: .one), .verdictMap(set: map, key: .one)], comment: "to-zone")]
                + drop([], "no-zone", &builder)
        )
    }

    /// What `to-routing-engine` holds behind the filters.
    func routingEngineInput(_ interfaces: [InterfacePolicy], _ builder: inout ProgramBuilder) -> [Rule] {
        var chain = bypass
        chain.append(Rule(Mark.isSet(Mark.packetMode) + [.verdict(.accept)], comment: "packet-mode"))
        chain += neighbourDiscovery(interfaces, &builder)
        builder.mutableMap("host-inbound", data: .verdict, [])
        for zone in flow.zones {
            let policies = rules.chain(
                flow.contexts[ZonePair(from: zone.name, to: FlowPolicy.routerZone)] ?? [],
                end: .selfTraffic,
                &builder
            )
            for (device, policy) in zone.devices {
                let entry = hostInbound(policy, then: policies, &builder)
                builder.mutableMap(
                    "host-inbound",
                    data: .verdict,
                    [SetElement(.single(deviceName(device)), .verdict(.goto(entry)))]
                )
            }
        }
        let arrival =
            [
                Rule(
                    [.metaLoad(.inputInterfaceName, into: .one), .verdictMap(set: "host-inbound", key: .one)],
                    comment: "host-inbound-traffic"
                )
            ] + drop([], "no-zone", &builder)
        let dispatch =
            RouterAddressCompiler(flow: flow).rules(own: arrival, hostInbound: hostInbound, &builder) + arrival
        chain += routerDiscovery(dispatch, &builder)
        chain += ladder(&builder)
        return chain + dispatch
    }

    /// What `from-routing-engine` holds behind the filter: only new sessions meet policies (DESIGN §3.17).
    func routingEngineOutput(_ builder: inout ProgramBuilder) -> [Rule] {
        var chain = bypass
        chain.append(Rule(Mark.isSet(Mark.packetMode) + [.verdict(.accept)], comment: "packet-mode"))
        chain += SegmentSizeCompiler().sessionRules(flow, &builder)
        chain += ResetNotes.rules(&builder)
        chain.append(Rule(ConntrackState.isAmong(ConntrackState.new, false) + [.verdict(.accept)]))
        chain.append(Rule(ConntrackState.isOwned + [.verdict(.accept)], comment: "established sessions"))
        builder.mutableMap("router-egress", data: .verdict, [])
        for zone in flow.zones {
            let policies = rules.chain(
                flow.contexts[ZonePair(from: FlowPolicy.routerZone, to: zone.name)] ?? [],
                end: .selfTraffic,
                &builder
            )
            builder.mutableMap(
                "router-egress",
                data: .verdict,
                zone.devices.keys.map { SetElement(.single(deviceName($0)), .verdict(.goto(policies))) }
            )
        }
        chain.append(
            Rule(
                [.metaLoad(.outputInterfaceName, into: .one), .verdictMap(set: "router-egress", key: .one)],
                comment: "to-zone"
            )
        )
        return chain + drop([], "no-zone", &builder)
    }

    /// Versions in packet mode meet no session and no policy.
    private var bypass: [Rule] {
        AddressFamily.allCases.filter { flow.modes[$0] == .packet }.map {
            Rule(isVersion($0) + [.verdict(.accept)], comment: "packet-based")
        }
    }

    /// Segments of no session are answered with a reset where their zone says so (flow reference §2.4).
    private func strayTCP(_ builder: inout ProgramBuilder) -> [Rule] {
        guard !rules.resettingDevices.isEmpty else { return [] }
        let set = builder.deviceSet(rules.resettingDevices)
        let counter = ObjectKey.counter(FlowCounter.drop("invalid"))
        let match: [Expression] =
            [
                .metaLoad(.inputInterfaceName, into: .one),
                .lookup(set: set, key: .one, into: nil, inverted: false),
            ] + ConntrackState.isAmong(ConntrackState.invalid) + isProtocol(6) + tcpFlags(0x04, are: 0)
        return [
            Rule(
                match + [.object(counter)] + Mark.set(Mark.reject, to: Mark.reject) + [.reject(.tcpReset)],
                comment: "tcp-rst"
            )
        ]
    }

    /// ICMP router discovery begins no session and is invalid to conntrack, but host-inbound-traffic may list it (flow
    /// reference §3.3, §10.1 fact 8).
    private func routerDiscovery(_ dispatch: [Rule], _ builder: inout ProgramBuilder) -> [Rule] {
        let chain = builder.chain("router-discovery", dispatch)
        return [
            Rule(
                ConntrackState.isAmong(ConntrackState.invalid) + isVersion(.inet) + isProtocol(1) + [
                    .payloadLoad(.transport, offset: 0, length: 1, into: .one),
                    .range(.equal, .one, RegisterValue([9]), RegisterValue([10])),
                    .verdict(.goto(chain)),
                ],
                comment: "router discovery"
            )
        ]
    }

    /// ICMPv6 130–137 and 143 on interfaces with IPv6 (DESIGN §3.16).
    private func neighbourDiscovery(_ interfaces: [InterfacePolicy], _ builder: inout ProgramBuilder) -> [Rule] {
        let devices = interfaces.filter(\.hasIPv6).map(\.device)
        guard !devices.isEmpty, flow.modes[.inet6] == .flow else { return [] }
        let set = builder.deviceSet(devices)
        let types = builder.constantSet(
            .integer(1),
            isInterval: false,
            Set(([UInt8](130...137) + [143]).map { SetElement(.single([$0])) })
        )
        return [
            Rule(
                [.metaLoad(.inputInterfaceName, into: .one), .lookup(set: set, key: .one, into: nil, inverted: false)]
                    + isVersion(.inet6) + isProtocol(58)
                    + [
                        .payloadLoad(.transport, offset: 0, length: 1, into: .one),
                        .lookup(set: types, key: .one, into: nil, inverted: false),
                        .verdict(.accept),
                    ],
                comment: "neighbour discovery"
            )
        ]
    }

    private func hostInbound(
        _ policy: HostInboundPolicy,
        then policies: String,
        _ builder: inout ProgramBuilder
    ) -> String {
        var chain: [Rule] = []
        for version in AddressFamily.allCases {
            let mine = policy.services.filter { $0.version == nil || $0.version == version }
            for service in mine where service.isReset {
                for test in serviceTests([service.service], version: version, &builder) {
                    chain.append(
                        Rule(
                            isVersion(version) + test.expressions + Mark.set(Mark.reject, to: Mark.reject) + [
                                .reject(.tcpReset)
                            ],
                            comment: policy.origin
                        )
                    )
                }
            }
            for test in serviceTests(mine.filter { !$0.isReset }.map(\.service), version: version, &builder) {
                chain.append(
                    Rule(isVersion(version) + test.expressions + [.verdict(.goto(policies))], comment: policy.origin)
                )
            }
        }
        let dropped = drop([], "host-inbound", &builder).map { Rule($0.expressions, comment: policy.origin) }
        return builder.chain("host-inbound", chain + dropped)
    }

    private func drop(_ condition: [Expression], _ reason: String, _ builder: inout ProgramBuilder) -> [Rule] {
        let counter = ObjectKey.counter(FlowCounter.drop(reason))
        builder.object(counter, .counter)
        return [Rule(condition + [.object(counter), .verdict(.drop)], comment: reason)]
    }
}
