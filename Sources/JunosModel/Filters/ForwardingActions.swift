// SPDX-License-Identifier: Apache-2.0
// `routing-instance`, `next-ip`, `next-interface` and `dont-fragment` under `then` (filters reference §4.1, §4.3).
import Diagnostics
import JunosSyntax
import NetworkTypes

/// Words below a forwarding action that are not what it names.
private let qualifiers: Set<String> = ["routing-instance", "topology", "next", "accept"]

/// Whether evaluation goes on: `next-interface X next term`.
func continuesBehind(_ statement: Statement) -> Bool {
    statement.word == "next-interface" && statement.child("next")?.value?.word == "term"
}

/// The way that an action chooses; nil where it could not be understood.
func extractForwardingChoice(
    _ statement: Statement,
    names: FilterNames,
    _ diagnostics: inout [Diagnostic]
) -> ForwardingChoice? {
    if let topology = statement.child("topology") {
        diagnostics.error("unsupported-statement", topology, "'topology' is not supported: there are no topologies")
    }
    if statement.word != "next-interface", let next = statement.child("next") {
        diagnostics.error("unknown-statement", next, "'next term' cannot follow '\(statement.word)'")
    }
    guard let value = statement.children.last(where: { !qualifiers.contains($0.word) })?.word else {
        diagnostics.error("missing-value", statement, "'\(statement.word)' does not say where to")
        return nil
    }
    let instance = statement.child("routing-instance")?.value?.word
    if let instance { checkInstance(instance, statement, names, &diagnostics) }
    switch statement.word {
    case "routing-instance":
        checkInstance(value, statement, names, &diagnostics)
        return .routingInstance(value)
    case "next-interface":
        let name = logicalName(value)
        if !names.logicalInterfaces.contains(name) {
            diagnostics.error(
                "undefined-interface",
                statement,
                "the interface '\(name)' is not configured, so packets could not leave by it"
            )
        }
        return .nextInterface(name, instance: instance)
    default:
        return nextAddress(value, statement, &diagnostics).map { .nextAddress($0, instance: instance) }
    }
}

private func checkInstance(
    _ name: String,
    _ statement: Statement,
    _ names: FilterNames,
    _ diagnostics: inout [Diagnostic]
) {
    guard name != ForwardingChoice.master else { return }
    switch names.routingInstances[name] {
    case nil:
        diagnostics.error(
            "undefined-routing-instance",
            statement,
            "Referenced routing-instance '\(name)' is not defined"
        )
    case .some(nil):
        diagnostics.error(
            "unsupported-routing-instance",
            statement,
            "the routing-instance '\(name)' must have 'instance-type forwarding' or 'instance-type virtual-router' for "
                + "packets to be led into it"
        )
    case .some(.some): break
    }
}

/// One host; a longer list of destinations would have to follow its routes one by one.
private func nextAddress(
    _ text: String,
    _ statement: Statement,
    _ diagnostics: inout [Diagnostic]
) -> IPAddress? {
    let family: AddressFamily = statement.word == "next-ip6" ? .inet6 : .inet
    guard let prefix = Prefix(text), prefix.family == family else {
        diagnostics.error("invalid-value", statement, "'\(text)' is no address of family \(family.rawValue)")
        return nil
    }
    // As a device refuses it (commit experiments of the corpus).
    guard !prefix.hasHostBits else {
        diagnostics.error("host-bits", statement, "'\(text)' has host bits set outside its mask; clear them")
        return nil
    }
    guard prefix.length == family.bits else {
        diagnostics.error(
            "unsupported-statement",
            statement,
            "'\(statement.word)' with a prefix is not supported: name one address"
        )
        return nil
    }
    return prefix.address
}

/// The value of `dont-fragment`.
func fragmentBit(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> Bool? {
    switch statement.value?.word {
    case "set": return true
    case "clear": return false
    case let word:
        diagnostics.error("invalid-value", statement, "'\(word ?? "")' is neither 'set' nor 'clear'")
        return nil
    }
}

/// Actions that only make sense where packets arrive, and what they are called (filters reference §4.1, §4.3).
func actionForArrival(_ actions: TermActions) -> String? {
    switch actions.forwarding {
    case .routingInstance?: return "routing-instance"
    case .nextAddress(let address, _)?: return address.family == .inet ? "next-ip" : "next-ip6"
    case .nextInterface?: return "next-interface"
    case nil: return actions.dontFragment == nil ? nil : "dont-fragment"
    }
}
