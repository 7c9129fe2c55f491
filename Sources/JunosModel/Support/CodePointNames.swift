// SPDX-License-Identifier: Apache-2.0
// Names of code points: the known ones, and those that `class-of-service code-point-aliases` adds or redefines.
import Diagnostics
import JunosSyntax

/// Code points by name, a table for each field that has them.
struct CodePointNames {
    var dscp = dscpNumbers
    var dscpIPv6 = dscpNumbers
    var precedence = precedenceNumbers
}

/// Extracts `class-of-service code-point-aliases`; values are bits (`001000`).
func extractCodePointNames(_ classOfService: Statement, _ diagnostics: inout [Diagnostic]) -> CodePointNames {
    var names = CodePointNames()
    guard let aliases = classOfService.child("code-point-aliases") else { return names }
    func enter(_ keyword: String, _ width: Int, _ table: inout [String: UInt32], _ diagnostics: inout [Diagnostic]) {
        for alias in aliases.entries(keyword) {
            let bits = alias.value?.word ?? ""
            guard bits.utf8.count == width, let number = parseNumber("b" + bits, allowsBinary: true) else {
                diagnostics.error("invalid-value", alias, "'\(bits)' is not \(width) bits")
                continue
            }
            table[alias.word] = UInt32(number)
        }
    }
    enter("dscp", 6, &names.dscp, &diagnostics)
    enter("dscp-ipv6", 6, &names.dscpIPv6, &diagnostics)
    enter("inet-precedence", 3, &names.precedence, &diagnostics)
    return names
}
