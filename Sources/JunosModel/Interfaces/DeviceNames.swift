// SPDX-License-Identifier: Apache-2.0
// Which Linux device a logical interface is: DESIGN §3.21.
import Diagnostics
import JunosSyntax

/// The value of `apply-macro linux { device X; }` below a statement.
func macroDevice(_ statement: Statement) -> Statement? {
    statement.child("apply-macro")?.child("linux")?.child("device")
}

/// Whether `apply-macro linux { offload exact; }` stands below a statement (DESIGN §3.23).
func macroAsksForExactOffload(_ statement: Statement) -> Bool {
    statement.child("apply-macro")?.child("linux")?.child("offload")?.value?.word == "exact"
}

/// Whether the kernel takes a name for a device, and Junos does not reserve it for something else.
func isLinuxDeviceName(_ name: String) -> Bool {
    guard isKernelName(name), name != "irb", name != "lo" else { return false }
    let letters = name.prefix { !$0.isNumber }
    let isNumbered = letters.count < name.count && name.dropFirst(letters.count).allSatisfy(\.isNumber)
    return !(isNumbered && ["reth", "st", "ae", "fxp", "fab", "swfab"].contains(String(letters)))
}

/// Whether the kernel takes a name at all: 1 to 15 octets, no slash, blank or colon.
func isKernelName(_ name: String) -> Bool {
    (1...15).contains(name.utf8.count) && name != "." && name != ".."
        && !name.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") || $0 == 0x7F }
}

/// The device of a unit; nil with an error where none follows, one for all units of an interface that is no device.
func deviceName(
    of unit: Statement,
    physical: Statement,
    number: Int,
    vlanID: Int?,
    _ isRefused: inout Bool,
    _ diagnostics: inout [Diagnostic]
) -> String? {
    if let macro = macroDevice(unit) { return macroName(macro, &diagnostics) }
    var base = physical.word
    if let macro = macroDevice(physical) {
        guard let name = macroName(macro, &diagnostics) else { return nil }
        base = name
    } else if !isLinuxDeviceName(base) {
        if isRefused { return nil }
        isRefused = true
        diagnostics.error(
            "no-linux-device",
            physical,
            "'\(base)' is no name of a Linux device: add 'apply-macro linux { device NAME; }' to the interface or the unit"
        )
        return nil
    }
    if let vlanID {
        let name = "\(base).\(vlanID)"
        guard isKernelName(name) else {
            diagnostics.error(
                "no-linux-device",
                unit,
                "'\(name)' is too long for a Linux device: add 'apply-macro linux { device NAME; }' to the unit"
            )
            return nil
        }
        return name
    }
    guard number == 0 else {
        diagnostics.error(
            "no-linux-device",
            unit,
            "only unit 0 is the device '\(base)' itself: add 'vlan-id' or 'apply-macro linux { device NAME; }' to the unit"
        )
        return nil
    }
    return base
}

/// A name given by macro.
private func macroName(_ macro: Statement, _ diagnostics: inout [Diagnostic]) -> String? {
    let name = macro.value?.word ?? ""
    guard isKernelName(name), name != "lo" else {
        diagnostics.error("invalid-value", macro, "'\(name)' is no name of a Linux device")
        return nil
    }
    return name
}
