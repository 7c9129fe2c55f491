// SPDX-License-Identifier: Apache-2.0
// The entry: a router policy becomes the kernel table of DESIGN §4.
import NetworkTypes
public import NftablesIR
public import PolicyModel

/// The prefix of the empty chain whose name says which configuration a program was made from; each switch of
/// programs replaces it (DESIGN §4, recorded state).
public let markerPrefix = "configuration-"

/// Compiles a policy into the one table `inet sluice`.
///
/// - Parameter digest: what names the configuration in the marker chain; empty for no marker.
public func compileProgram(_ policy: RouterPolicy, digest: String = "") -> Table {
    var builder = ProgramBuilder()
    if !digest.isEmpty { builder.marker(markerPrefix + digest) }
    ProgramCompiler(policy).compile(&builder)
    return builder.table
}

/// Lays out the base chains.
private struct ProgramCompiler {
    let policy: RouterPolicy
    let flow: FlowCompiler?

    init(_ policy: RouterPolicy) {
        self.policy = policy
        flow = policy.flow.map(FlowCompiler.init)
    }

    func compile(_ builder: inout ProgramBuilder) {
        var attachments = AttachmentCompiler(policy)
        compileInputFilters(&attachments, &builder)
        compileRouterSent(&builder)
        compileRoutingEngine(&attachments, &builder)
        flow?.compileTransit(&builder)
        compileOutputFilters(&attachments, &builder)
    }

    private func compileInputFilters(_ attachments: inout AttachmentCompiler, _ builder: inout ProgramBuilder) {
        let lo = Rule(isDevice(.inputInterfaceName, "lo") + [.verdict(.accept)])
        var rules = [lo, Rule(Mark.set(~Mark.foreign, to: 0), comment: "clear our mark bits")]
        rules += modes(&builder)
        builder.mutableMap("input-filters", data: .verdict, [])
        for interface in policy.interfaces {
            guard
                let chain = attachments.chain(interface.input, interface, .input, .packetForwardingEngine, &builder)
            else { continue }
            add("input-filters", interface.device, chain, &builder)
        }
        rules.append(
            Rule([.metaLoad(.inputInterfaceName, into: .one), .verdictMap(set: "input-filters", key: .one)])
        )
        rules.append(Rule([.verdict(.accept)]))
        builder.baseChain("input-filters", BaseChain(hook: .prerouting, priority: -450), rules)
    }

    /// Locally sent packets in front of conntrack.
    private func compileRouterSent(_ builder: inout ProgramBuilder) {
        let kept = Mark.foreign | Mark.reject | Mark.packetMode
        var rules = [
            Rule(isDevice(.outputInterfaceName, "lo") + [.verdict(.accept)]),
            Rule(Mark.set(~kept, to: 0), comment: "clear our mark bits"),
        ]
        rules += modes(&builder)
        if policy.flow != nil {
            rules.append(Rule(Mark.isSet(Mark.packetMode) + [.notrack], comment: "answers to packets in packet mode"))
        }
        rules.append(Rule([.verdict(.accept)]))
        builder.baseChain("router-sent", BaseChain(hook: .output, priority: -450), rules)
    }

    /// `forwarding-options family … mode` (flow reference §1.3).
    private func modes(_ builder: inout ProgramBuilder) -> [Rule] {
        guard let flow = policy.flow else { return [] }
        return AddressFamily.allCases.flatMap { version -> [Rule] in
            switch flow.modes[version] ?? .drop {
            case .flow: return []
            case .packet: return [Rule(isVersion(version) + [.notrack], comment: "packet-based")]
            case .drop:
                let counter = ObjectKey.counter(FlowCounter.drop("mode-\(version.rawValue)"))
                builder.object(counter, .counter)
                return [
                    Rule(
                        isVersion(version) + [.object(counter), .verdict(.drop)],
                        comment: "security forwarding-options family \(version.rawValue)"
                    )
                ]
            }
        }
    }

    private func compileRoutingEngine(_ attachments: inout AttachmentCompiler, _ builder: inout ProgramBuilder) {
        var input = [Rule(isDevice(.inputInterfaceName, "lo") + [.verdict(.accept)])]
        builder.mutableMap("input-filters-second-pass", data: .verdict, [])
        for interface in policy.interfaces {
            guard
                let chain = attachments.chain(interface.inputSecondPass, interface, .input, .routingEngine, &builder)
            else { continue }
            add("input-filters-second-pass", interface.device, chain, &builder)
        }
        input.append(
            Rule(
                [.metaLoad(.inputInterfaceName, into: .one), .verdictMap(set: "input-filters-second-pass", key: .one)],
                comment: "input filters, second pass"
            )
        )
        if let chain = attachments.routingEngineChain(
            policy.routingEngineInput,
            name: policy.routingEngineName,
            .input,
            &builder
        ) {
            input.append(Rule([.verdict(.jump(chain))], comment: "interfaces lo0 filter input"))
        }
        input += flow?.routingEngineInput(policy.interfaces, &builder) ?? [Rule([.verdict(.accept)])]
        builder.baseChain("to-routing-engine", BaseChain(hook: .input, priority: 0), input)

        var output = [
            Rule(isDevice(.outputInterfaceName, "lo") + [.verdict(.accept)]),
            Rule(Mark.isSet(Mark.reject) + [.verdict(.accept)], comment: "our refusals"),
        ]
        if let chain = attachments.routingEngineChain(
            policy.routingEngineOutput,
            name: policy.routingEngineName,
            .output,
            &builder
        ) {
            output.append(Rule([.verdict(.jump(chain))], comment: "interfaces lo0 filter output"))
        }
        output += flow?.routingEngineOutput(&builder) ?? [Rule([.verdict(.accept)])]
        builder.baseChain("from-routing-engine", BaseChain(hook: .output, priority: 0), output)
    }

    /// Output filters sit behind everything; those of an interface where one refuses sit where the kernel can answer
    /// (kernel facts §3).
    private func compileOutputFilters(_ attachments: inout AttachmentCompiler, _ builder: inout ProgramBuilder) {
        let (refusing, plain) = policy.interfaces.reduce(into: ([InterfacePolicy](), [InterfacePolicy]())) {
            let refuses = $1.output.contains { $0.bodies.values.contains(where: \.refuses) }
            if refuses { $0.0.append($1) } else { $0.1.append($1) }
        }
        let places: [(map: String, interfaces: [InterfacePolicy], chains: [(String, BaseChain)])] = [
            ("output-filters", plain, [("output-filters", BaseChain(hook: .postrouting, priority: 300))]),
            (
                "refusing-output-filters", refusing,
                [
                    ("output-filters-transit", BaseChain(hook: .forward, priority: 200)),
                    ("output-filters-router-sent", BaseChain(hook: .output, priority: 200)),
                ]
            ),
        ]
        for place in places where place.map == "output-filters" || !place.interfaces.isEmpty {
            builder.mutableMap(place.map, data: .verdict, [])
            for interface in place.interfaces {
                guard
                    let chain = attachments.chain(
                        interface.output,
                        interface,
                        .output,
                        .packetForwardingEngine,
                        &builder
                    )
                else { continue }
                add(place.map, interface.device, chain, &builder)
            }
            for (name, base) in place.chains {
                builder.baseChain(
                    name,
                    base,
                    [
                        Rule(isDevice(.outputInterfaceName, "lo") + [.verdict(.accept)]),
                        Rule(Mark.isSet(Mark.reject) + [.verdict(.accept)], comment: "our refusals"),
                        Rule([.metaLoad(.outputInterfaceName, into: .one), .verdictMap(set: place.map, key: .one)]),
                        Rule([.verdict(.accept)]),
                    ]
                )
            }
        }
    }

    private func add(_ map: String, _ device: String, _ chain: String, _ builder: inout ProgramBuilder) {
        builder.mutableMap(
            map,
            data: .verdict,
            [SetElement(.single(deviceName(device)), .verdict(.jump(chain)))]
        )
    }
}
