// SPDX-License-Identifier: Apache-2.0
// The little that other hierarchies say about filtering, and the host bits that devices refuse in them.
import Diagnostics
import JunosSyntax
import NetworkTypes

/// The forwarding classes of `class-of-service`, after the predefined ones (filters reference §4.3).
func extractForwardingClasses(_ classOfService: Statement, _ diagnostics: inout [Diagnostic]) -> [String] {
    var classes = predefinedForwardingClasses
    var seen = Set(classes)
    guard let statement = classOfService.child("forwarding-classes") else { return classes }
    var names = statement.entries("class").map(\.word)
    // The older form: `queue 1 NAME`.
    for queue in statement.entries("queue") { names += queue.children.map(\.word) }
    for name in names where seen.insert(name).inserted { classes.append(name) }
    if classes.count > 16 {
        diagnostics.error(
            "too-many-forwarding-classes",
            statement,
            "with the predefined ones there are \(classes.count) forwarding classes, more than 16"
        )
    }
    return classes
}

/// A filter for all forwarded packets would be missed (filters reference §5.1 knows only interfaces).
func checkForwardingOptions(_ options: Statement, _ diagnostics: inout [Diagnostic]) {
    for family in options.entries("family") {
        for word in ["filter", "flood"] {
            guard let filter = family.child(word) else { continue }
            diagnostics.error(
                "unsupported-statement",
                filter,
                "filters of the forwarding table are not supported: attach the filter to interfaces"
            )
        }
    }
}

/// Refuses routes with host bits, as devices do (filters reference §2.3, commit experiments).
func checkRoutes(_ options: Statement, _ diagnostics: inout [Diagnostic]) {
    for kind in ["static", "aggregate", "generate"] {
        if let statement = options.child(kind) { checkRouteList(statement, &diagnostics) }
    }
    for table in options.entries("rib") { checkRoutes(table, &diagnostics) }
}

/// `route PREFIX`.
private func checkRouteList(_ statement: Statement, _ diagnostics: inout [Diagnostic]) {
    for route in statement.entries("route") { checkHostBits(route, &diagnostics) }
}

/// Refuses area ranges with host bits, as devices do.
func checkAreaRanges(_ protocols: Statement, _ diagnostics: inout [Diagnostic]) {
    for name in ["ospf", "ospf3"] {
        guard let statement = protocols.child(name) else { continue }
        for area in statement.entries("area") {
            for range in area.entries("area-range") { checkHostBits(range, &diagnostics) }
        }
    }
}

private func checkHostBits(_ statement: Statement, _ diagnostics: inout [Diagnostic]) {
    guard let prefix = Prefix(statement.word), prefix.hasHostBits else { return }
    diagnostics.error("host-bits", statement, "'\(statement.word)' has host bits set outside its mask; clear them")
}
