// SPDX-License-Identifier: Apache-2.0
// `sample`, `port-mirror` and `port-mirror-instance` against what `forwarding-options` says (filters reference §7.7).
import Diagnostics
import NetworkTypes

/// Checks the copies that terms ask for.
func checkCopies(_ configuration: JunosConfiguration, _ diagnostics: inout [Diagnostic]) {
    let filters = configuration.filters.values.sorted {
        ($0.name.family.rawValue, $0.name.name) < ($1.name.family.rawValue, $1.name.name)
    }
    for filter in filters {
        for term in filter.terms {
            if term.then.sample { checkSample(term, configuration, &diagnostics) }
            if let name = term.then.mirror { checkMirror(name, term, filter.name.family, configuration, &diagnostics) }
        }
    }
}

private func checkSample(
    _ term: FilterTerm,
    _ configuration: JunosConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    guard let capture = configuration.packetCapture else {
        diagnostics.error(
            "missing-sampling",
            term.source,
            "'sample': Requires forwarding-options sampling or packet-capture config"
        )
        return
    }
    if capture.fileName.isEmpty {
        diagnostics.error(
            "missing-capture-file",
            term.source,
            "'sample': sampled packets would go nowhere; configure 'forwarding-options packet-capture file filename'"
        )
    }
}

private func checkMirror(
    _ name: String,
    _ term: FilterTerm,
    _ family: FilterFamily,
    _ configuration: JunosConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    guard let mirror = configuration.portMirrors[name] else {
        diagnostics.error(
            "undefined-port-mirroring",
            term.source,
            name.isEmpty
                ? "'port-mirror': Configure 'port-mirroring' under 'forwarding-options'"
                : "'port-mirror-instance \(name)': Referenced port-mirroring instance does not exist"
        )
        return
    }
    let versions: [AddressFamily] =
        switch family {
        case .inet: [.inet]
        case .inet6: [.inet6]
        case .any: [.inet, .inet6]
        }
    for version in versions {
        guard let output = mirror.outputs[version] else {
            diagnostics.error(
                "missing-mirror-output",
                term.source,
                "copies of family \(version.rawValue) would go nowhere: '\(mirror.source.path)' has no output for it"
            )
            continue
        }
        if !configuration.interfaces.contains(where: { $0.name == output.interface && $0.device != nil }) {
            diagnostics.error(
                "undefined-interface",
                mirror.source,
                "the interface '\(output.interface)' is not configured, so copies could not leave by it"
            )
        }
    }
}
