// SPDX-License-Identifier: Apache-2.0
// What counters and buckets are called: the names that DESIGN §4 gives the kernel's objects, written here a second
// time so that model and program are compared by them.
import JunosModel

/// Components joined by `/`; every octet but letters, digits, `.` and `-` is `_hh` (DESIGN §4, state outlives programs).
func stateLabel(_ components: [String]) -> String {
    var label: [UInt8] = []
    for (index, component) in components.enumerated() {
        if index > 0 { label.append(UInt8(ascii: "/")) }
        for octet in component.utf8 {
            if (0x61...0x7a).contains(octet | 0x20) || (0x30...0x39).contains(octet) || octet == UInt8(ascii: ".")
                || octet == UInt8(ascii: "-")
            {
                label.append(octet)
            } else {
                label += [UInt8(ascii: "_"), digit(octet >> 4), digit(octet & 15)]
            }
        }
    }
    return String(decoding: label, as: UTF8.self)
}

private func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
}

/// The names of one filter's state at one place.
struct StateLabels {
    /// `inet`, `inet6` or `any`.
    let family: String
    /// The filter's name; a list is called after its place (filters reference §5.2).
    let owner: String
    /// The filters that are evaluated as one, which is what a shared bucket belongs to.
    let sharing: String
    /// Interface, direction and, behind them, the second pass.
    let place: [String]

    init(_ place: FilterPlace, _ attachment: FilterAttachment) {
        family = place.family.rawValue
        let first = attachment.filters.first ?? ""
        owner = attachment.isList ? "\(place.interface)-\(place.direction.rawValue)" : first
        let joined = attachment.filters.joined(separator: ",")
        sharing = attachment.isList ? "\(family)/[\(joined)]" : "\(family)/\(joined)"
        self.place =
            [place.interface, place.direction.rawValue] + (place.pass == .routingEngine ? [place.pass.rawValue] : [])
    }

    /// The packets and octets of `count NAME`.
    func counter(_ name: String) -> String { stateLabel([family, owner, name] + place) }

    /// The packets that nothing matched (DESIGN §3.8).
    var implicitDiscard: String { counter("__implicit-discard") }

    /// The packets beyond a policer.
    func exceeded(_ policer: String) -> String { stateLabel(["policer", family, owner, policer] + place) }

    /// A policer's bucket: one for all places of the filter, or one each (DESIGN §3.8).
    func bucket(_ policer: String, isPerInterface: Bool) -> String {
        isPerInterface
            ? stateLabel(["limit", family, owner, policer] + place) : stateLabel(["limit", sharing, policer])
    }
}
