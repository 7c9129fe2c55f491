// SPDX-License-Identifier: Apache-2.0
// What exact analysis says about filters, as warnings of `check`.
public import Diagnostics
public import JunosModel
import NetworkTypes
import SymbolicSemantics

/// Terms of attached filters that no packet meets, with the terms that take theirs.
///
/// Each filter is looked at where it first stands; terms that ask for the interface may live elsewhere, so a term is
/// named only if it is hidden wherever the filter stands.
public func hiddenTermWarnings(_ configuration: JunosConfiguration) -> [Diagnostic] {
    var sources: [String: StatementReference] = [:]
    for term in configuration.filters.values.lazy.flatMap(\.terms) { sources[term.source.path] = term.source }
    /// Places that are like one that was looked at: the same filters, and none of them asks for the interface.
    var seen: Set<[String]> = []
    /// By term: hidden everywhere so far, and by what.
    var hidden: [String: HiddenTerm] = [:]
    var alive: Set<String> = []
    for interface in configuration.interfaces {
        for (family, settings) in interface.families {
            for (attachment, direction) in [(settings.input, FilterDirection.input), (settings.output, .output)] {
                guard let attachment else { continue }
                let versions: [AddressFamily] = family == .any ? [.inet, .inet6] : [family == .inet ? .inet : .inet6]
                let terms = attachment.filters.flatMap { configuration.filters[FilterName(family, $0)]?.terms ?? [] }
                let asksForInterface = terms.contains {
                    $0.nestedFilter != nil || $0.from.contains(where: asksForInterface)
                }
                let likeness =
                    [family.rawValue] + attachment.filters
                    + (asksForInterface ? [interface.name, direction.rawValue] : [])
                guard seen.insert(likeness).inserted else { continue }
                let all = Set(terms.map(\.source.path))
                for version in versions {
                    let place = FilterPlace(
                        interface: interface.name,
                        direction: direction,
                        family: family,
                        version: version
                    )
                    let found = hiddenTerms(configuration, at: place)
                    for term in found { hidden[term.term] = hidden[term.term] ?? term }
                    alive.formUnion(all.subtracting(found.map(\.term)))
                }
            }
        }
    }
    return hidden.values.filter { !alive.contains($0.term) && !$0.hiddenBy.isEmpty }
        .sorted { $0.term < $1.term }
        .map { term in
            let by = term.hiddenBy.prefix(5).map { "'\(lastWords($0))'" }.joined(separator: ", ")
            let more = term.hiddenBy.count > 5 ? " and \(term.hiddenBy.count - 5) more" : ""
            return Diagnostic(
                .warning,
                "hidden-term",
                at: sources[term.term]?.location,
                path: term.term,
                "no packet reaches this term: \(by)\(more) before it \(term.hiddenBy.count == 1 ? "takes" : "take") all that it would match"
            )
        }
}

/// Whether a condition's answer depends on where the filter stands.
private func asksForInterface(_ condition: MatchCondition) -> Bool {
    switch condition {
    case .interface, .interfaceSet, .number(.interfaceGroup, _, _): true
    default: false
    }
}

/// `term T` of a path.
private func lastWords(_ path: String) -> String {
    path.split(separator: " ").suffix(2).joined(separator: " ")
}
