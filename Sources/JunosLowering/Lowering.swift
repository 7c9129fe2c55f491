// SPDX-License-Identifier: Apache-2.0
// The entry: a Junos configuration becomes a router policy; names may go, meaning may not.
public import Diagnostics
public import JunosModel
public import PolicyModel

/// What lowering gives.
public struct LoweringResult: Sendable {
    /// The policy.
    public let policy: RouterPolicy
    /// What cannot be enforced, as errors of the commit check.
    public let diagnostics: [Diagnostic]
    /// Session owners by number; given back at the next commit, so that running sessions keep their owner.
    public let policyIndices: [PolicyIdentity: UInt16]
    /// Routing tables by the action that leads into them; given back at the next commit, so that none changes its
    /// meaning for packets under way.
    public let forwardingIndices: ForwardingIndices
}

/// Lowers a configuration.
///
/// Total: what cannot be enforced never matches and is reported as an error.
///
/// - Parameters:
///   - indices: The session owners of earlier commits; they keep their numbers.
///   - ways: The routing tables of earlier commits; they keep their numbers.
public func lowerConfiguration(
    _ configuration: JunosConfiguration,
    keeping indices: [PolicyIdentity: UInt16] = [:],
    ways: ForwardingIndices = [:]
) -> LoweringResult {
    let (numberedWays, unnumberedWays) = numberForwardingChoices(configuration, keeping: ways)
    var filters = FilterLowering(configuration, ways: numberedWays)
    var interfaces: [InterfacePolicy] = []
    var routingEngineInput: [FilterBinding] = []
    var routingEngineOutput: [FilterBinding] = []
    var routingEngineName = "lo0.0"
    for interface in configuration.interfaces {
        if interface.isRoutingEngine {
            guard interface.unit == 0 else { continue }
            routingEngineInput = filters.bindings(interface, .input)
            routingEngineOutput = filters.bindings(interface, .output)
            routingEngineName = interface.name
        } else if let device = interface.device {
            let input = filters.bindings(interface, .input)
            interfaces.append(
                InterfacePolicy(
                    device: device,
                    name: interface.name,
                    link: interface.physicalName,
                    input: input,
                    output: filters.bindings(interface, .output),
                    inputSecondPass: secondPass(of: input),
                    hasIPv6: interface.families[.inet6] != nil
                )
            )
        }
    }
    var flow: FlowPolicy?
    var numbered = indices
    var problems: [Diagnostic] = []
    if let security = configuration.security {
        var lowering = FlowLowering(configuration, security, keeping: indices)
        flow = lowering.lower()
        numbered = lowering.indices
        problems = lowering.unnumbered.map { identity in
            Diagnostic(
                .error,
                "too-many-policies",
                path: "security policies from-zone \(identity.from) to-zone \(identity.to) policy \(identity.name)",
                "sessions can remember 65532 policies, and more are in use; remove some"
            )
        }
    }
    problems += unnumberedWays.map { way in
        Diagnostic(
            .error,
            "too-many-routing-tables",
            path: "firewall",
            "'\(way)': terms can choose among 255 ways, those of the configuration before included while packets may be on "
                + "their way; remove some, or commit in two steps"
        )
    }
    return LoweringResult(
        policy: RouterPolicy(
            interfaces: interfaces,
            routingEngineInput: routingEngineInput,
            routingEngineOutput: routingEngineOutput,
            routingEngineName: routingEngineName,
            flow: flow,
            routingTables: lowerForwarding(configuration, numberedWays)
        ),
        diagnostics: filters.diagnostics + problems,
        policyIndices: numbered,
        forwardingIndices: numberedWays
    )
}
