// SPDX-License-Identifier: Apache-2.0
// From the expanded tree to the model: each hierarchy by its own extractor, then what must fit together.
public import Diagnostics
public import JunosSyntax

/// What extraction gave: always a configuration, and everything the commit check has to say about it.
public struct ExtractionResult: Sendable {
    /// The configuration; where errors were found, the best that could be made of the rest.
    ///
    /// Names that are not defined
    /// match nothing, and terms and policies that could not be understood match nothing.
    public let configuration: JunosConfiguration
    /// All findings of the commit check.
    ///
    /// With an error among them a configuration must not be applied (DESIGN §3.20).
    public let diagnostics: [Diagnostic]

    /// Makes a result.
    public init(configuration: JunosConfiguration, diagnostics: [Diagnostic]) {
        self.configuration = configuration
        self.diagnostics = diagnostics
    }
}

/// Extracts the model from an expanded tree and does the whole commit check (DESIGN §3.19).
///
/// The tree must have been expanded: groups, `inactive:` and `apply-path` are not looked at.
public func extractConfiguration(_ tree: ConfigurationTree) -> ExtractionResult {
    var configuration = JunosConfiguration()
    var diagnostics: [Diagnostic] = []
    var statements: [String: Statement] = [:]
    for node in tree.root.children {
        let statement = Statement(node)
        if topLevelStatements.admits(statement, &diagnostics) { statements[node.word] = statement }
    }
    extractSurroundings(statements, into: &configuration, &diagnostics)
    if let statement = statements["interfaces"] {
        configuration.interfaces = extractInterfaces(statement, &diagnostics)
    }
    if let statement = statements["policy-options"] {
        configuration.prefixLists = extractPrefixLists(statement, &diagnostics)
    }
    if let statement = statements["firewall"] {
        let codePoints = statements["class-of-service"].map { extractCodePointNames($0, &diagnostics) }
        extractFirewall(
            statement,
            codePoints: codePoints ?? CodePointNames(),
            instances: statements["routing-instances"].map(routingInstanceKinds) ?? [:],
            into: &configuration,
            &diagnostics
        )
    }
    if let statement = statements["routing-instances"] {
        configuration.routingInstances = extractRoutingInstances(
            statement,
            options: statements["routing-options"],
            named: configuration.namedRoutingInstances,
            &diagnostics
        )
    }
    checkFilters(&configuration, &diagnostics)
    checkPolicers(&configuration, &diagnostics)
    resolveBandwidthPercents(&configuration, &diagnostics)
    checkCopies(configuration, &diagnostics)
    var applications = ExtractedApplications()
    if let statement = statements["applications"] { applications = extractApplications(statement, &diagnostics) }
    configuration.applications = applications.applications
    configuration.applicationSets = applications.sets
    if let statement = statements["schedulers"] {
        configuration.schedulers = extractSchedulers(statement, &diagnostics)
    }
    if let statement = statements["security"] {
        configuration.security = extractSecurity(
            statement,
            applications: applications,
            schedulers: Set(statements["schedulers"]?.entries("scheduler").map(\.word) ?? []),
            &diagnostics
        )
        configuration.security?.logFormat = extractSessionLogFormat(statement, statements["system"], &diagnostics)
        checkSecurity(configuration, statement, &diagnostics)
        if let instances = statements["routing-instances"] {
            checkRoutingInstances(configuration, instances, &diagnostics)
        }
    }
    return ExtractionResult(configuration: configuration, diagnostics: diagnostics)
}

/// `firewall`: what terms refer to first, then the filters.
private func extractFirewall(
    _ firewall: Statement,
    codePoints: CodePointNames,
    instances: [String: RoutingInstance.Kind?],
    into configuration: inout JunosConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    if let statement = firewall.child("policer") {
        configuration.policers = extractPolicers(statement, &diagnostics)
    }
    if let statement = firewall.child("three-color-policer") {
        configuration.threeColorPolicers = extractThreeColorPolicers(statement, &diagnostics)
    }
    configuration.prefixActions = extractPrefixActions(firewall, policers: configuration.policers, &diagnostics)
    if let statement = firewall.child("interface-set") {
        configuration.interfaceSets = extractInterfaceSets(statement, &diagnostics)
    }
    let names = FilterNames(
        prefixLists: Set(configuration.prefixLists.keys),
        policers: Set(configuration.policers.keys),
        threeColorPolicers: configuration.threeColorPolicers.mapValues(\.kind),
        prefixActions: Set(configuration.prefixActions.keys),
        interfaceSets: Set(configuration.interfaceSets.keys),
        forwardingClasses: Set(configuration.forwardingClasses),
        codePoints: codePoints,
        logicalInterfaces: Set(configuration.interfaces.map(\.name)),
        routingInstances: instances,
        flexibleTemplates: firewall.child("flexible-match").map { extractFlexibleTemplates($0, &diagnostics) } ?? [:]
    )
    for name in configuration.policers.keys.sorted() {
        guard let policer = configuration.policers[name], let used = policer.forwardingClass,
            !names.forwardingClasses.contains(used)
        else { continue }
        diagnostics.error(
            "undefined-forwarding-class",
            policer.source,
            "Referenced forwarding-class '\(used)' is not defined"
        )
    }
    configuration.filters = extractFilters(firewall, names: names, &diagnostics)
}

/// The hierarchies of which only little matters.
private func extractSurroundings(
    _ statements: [String: Statement],
    into configuration: inout JunosConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    configuration.hostName = statements["system"]?.child("host-name")?.value?.word
    if let statement = statements["class-of-service"] {
        configuration.forwardingClasses = extractForwardingClasses(statement, &diagnostics)
        diagnostics.warning(
            "not-applicable",
            statement,
            "of 'class-of-service' only the names of forwarding classes have an effect here: queues belong to this host"
        )
    }
    if let statement = statements["forwarding-options"] {
        checkForwardingOptions(statement, &diagnostics)
        extractPacketCopies(statement, into: &configuration, &diagnostics)
    }
    if let statement = statements["routing-options"] { checkRoutes(statement, &diagnostics) }
    if let statement = statements["protocols"] { checkAreaRanges(statement, &diagnostics) }
    for word in ["routing-options", "protocols"] {
        guard let statement = statements[word] else { continue }
        diagnostics.warning(
            "not-applicable",
            statement,
            "'\(word)' has no effect here: routing is the business of this host's routing daemon"
        )
    }
}
