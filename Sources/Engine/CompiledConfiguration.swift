// SPDX-License-Identifier: Apache-2.0
// From texts to the kernel program, with every remark on the way (DESIGN §2).
public import Diagnostics
public import JunosLowering
public import JunosModel
public import JunosSyntax
import NftablesCompiler
public import NftablesIR
import PolicyModel

/// One text of a configuration with its name.
public struct ConfigurationSource: Hashable, Sendable {
    /// The file's name, `-` for standard input.
    public var name: String
    /// Its text.
    public var text: String

    /// Makes a source.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// A configuration in all its forms.
public struct CompiledConfiguration: Sendable {
    /// What it was read from.
    public let sources: [ConfigurationSource]
    /// As read, before groups and the like.
    public let tree: ConfigurationTree
    /// The meaning half's view.
    public let configuration: JunosConfiguration
    /// Everything that was found, in the order of the stages.
    public let diagnostics: [Diagnostic]
    /// The kernel program; not to be applied if there are errors.
    public let table: Table
    /// Session owners by number.
    public let policyIndices: [PolicyIdentity: UInt16]
    /// Routing tables that terms lead into, by their action.
    public let forwardingIndices: ForwardingIndices
    /// What stands in these tables.
    let routingTables: [RoutingTable]
    /// What names the configuration in the kernel's marker chain.
    public let digest: String

    /// The same with one more remark.
    func adding(_ diagnostic: Diagnostic) -> CompiledConfiguration {
        CompiledConfiguration(
            sources: sources,
            tree: tree,
            configuration: configuration,
            diagnostics: diagnostics + [diagnostic],
            table: table,
            policyIndices: policyIndices,
            forwardingIndices: forwardingIndices,
            routingTables: routingTables,
            digest: digest
        )
    }

    /// Whether it may be applied.
    public var isValid: Bool { !diagnostics.containsErrors }
}

/// The model of texts, without remarks and without a program.
func readConfigurationModel(_ sources: [ConfigurationSource], in circumstances: Circumstances) -> JunosConfiguration {
    let read = readConfiguration(sources.map { ($0.name, $0.text) })
    let extracted = extractConfiguration(expandConfiguration(read.tree).tree)
    return complete(extracted.configuration, of: read.tree) { _ in circumstances }
}

/// The model with what its expanded tree does not hold: circumstances, and what is deactivated.
private func complete(
    _ extracted: JunosConfiguration,
    of tree: ConfigurationTree,
    in circumstances: (JunosConfiguration) -> Circumstances
) -> JunosConfiguration {
    var configuration = extracted
    configuration.circumstances = circumstances(extracted)
    configuration.security?.deactivatedPolicies = deactivatedPolicies(tree)
    return configuration
}

/// Reads, expands, checks, lowers and compiles.
///
/// - Parameters:
///   - indices: Session owners of earlier commits, which keep their numbers.
///   - ways: Routing tables of earlier commits, which keep their numbers.
///   - circumstances: what the configuration refers to and does not say; by default the clock on the wall alone.
public func compileConfiguration(
    _ sources: [ConfigurationSource],
    keeping indices: [PolicyIdentity: UInt16] = [:],
    ways: ForwardingIndices = [:],
    in circumstances: (JunosConfiguration) -> Circumstances = { _ in Circumstances(localTime: .now()) }
) -> CompiledConfiguration {
    let read = readConfiguration(sources.map { ($0.name, $0.text) })
    let expanded = expandConfiguration(read.tree)
    let extracted = extractConfiguration(expanded.tree)
    let configuration = complete(extracted.configuration, of: read.tree, in: circumstances)
    let lowered = lowerConfiguration(configuration, keeping: indices, ways: ways)
    var hash = ContentHash()
    hash.add(renderSet(read.tree))
    let table = compileProgram(lowered.policy, digest: hash.text)
    let kernelRemarks =
        policerRemarks(lowered.policy, configuration) + mergingRemarks(lowered.policy, configuration)
        + nameRemarks(table)
    return CompiledConfiguration(
        sources: sources,
        tree: read.tree,
        configuration: configuration,
        diagnostics: read.diagnostics + expanded.diagnostics + extracted.diagnostics + lowered.diagnostics
            + kernelRemarks,
        table: table,
        policyIndices: lowered.policyIndices,
        forwardingIndices: lowered.forwardingIndices,
        routingTables: lowered.policy.routingTables,
        digest: hash.text
    )
}

/// Errors about names that the kernel cannot hold: 255 bytes (kernel facts §4).
private func nameRemarks(_ table: Table) -> [Diagnostic] {
    table.objects.keys.map(\.name).filter { $0.utf8.count > 255 }.sorted().map { name in
        Diagnostic(
            .error,
            "name-too-long",
            path: "firewall",
            "the counter '\(name)' would have a name of \(name.utf8.count) bytes, and the kernel holds 255: give its filter, "
                + "term or policer a shorter name"
        )
    }
}
