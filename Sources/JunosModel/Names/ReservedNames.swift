// SPDX-License-Identifier: Apache-2.0
// What names may look like: filters reference §5.5 and §7.7, flow reference §6.1.
import Diagnostics

/// Refuses a name of the firewall hierarchy that a device would refuse.
func checkFirewallName(_ statement: Statement, _ diagnostics: inout [Diagnostic]) {
    checkFirewallName(statement.word, of: statement, &diagnostics)
}

/// Refuses a name that a statement gives, a counter's for instance.
func checkFirewallName(_ name: String, of statement: Statement, _ diagnostics: inout [Diagnostic]) {
    guard name.isEmpty || name.utf8.count > 64 && name.count > 64 || name.hasPrefix("__") else { return }
    diagnostics.error("invalid-name", statement, "Must be a non-reserved string of 64 characters or less")
}

/// Refuses a name of the security or applications hierarchy that a device would refuse.
func checkSecurityName(_ statement: Statement, _ kind: String, _ diagnostics: inout [Diagnostic]) {
    let name = statement.word
    guard name.isEmpty || name.utf8.count > 63 && name.count > 63 else { return }
    diagnostics.error("invalid-name", statement, "The name of \(kind) has 1 to 63 characters, this one \(name.count)")
}
