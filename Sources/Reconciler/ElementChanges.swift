// SPDX-License-Identifier: Apache-2.0
// Which elements of a set change in which step.
import NftablesIR

/// The elements of one set that is in both tables and stays.
struct ElementChanges {
    /// Added before the switch.
    var early: [SetElement] = []
    /// Taken out by the switch.
    var removed: [SetElement] = []
    /// Put in by the switch, after all that it takes out.
    var added: [SetElement] = []
    /// Taken out after the switch.
    var unused: [SetElement] = []

    var isEmpty: Bool { early.isEmpty && removed.isEmpty && added.isEmpty && unused.isEmpty }

    /// Compares two sets of one header; elements that lead to something replaced are taken out and put back.
    ///
    /// In an object map new keys come early and old ones go late, so that no rule misses its object while it is switched
    /// (kernel facts T16). Everywhere else elements are meaning, and only the switch touches them.
    init(from old: NamedSet, to new: NamedSet, replaced: Names) {
        let dragsAlong = replaced.areUsed(by: old) || replaced.areUsed(by: new)
        guard dragsAlong || old.elements != new.elements else { return }
        let before = Dictionary(old.elements.map { ($0.key, $0.value) }) { first, _ in first }
        let after = Dictionary(new.elements.map { ($0.key, $0.value) }) { first, _ in first }
        var fresh: [SetElement] = []
        var stale: [SetElement] = []
        for element in new.elements {
            guard let value = before[element.key] else {
                fresh.append(element)
                continue
            }
            if value != element.value || replaced.areUsed(by: value, of: new) {
                removed.append(SetElement(element.key, value))
                added.append(element)
            }
        }
        for element in old.elements where after[element.key] == nil { stale.append(element) }
        guard case .object = new.data else {
            removed += stale
            added += fresh
            return
        }
        // Ranges that come may overlap ranges that go, and the kernel refuses to hold both.
        let mayCollide = new.isInterval && !fresh.isEmpty && !stale.isEmpty
        for element in fresh {
            if mayCollide || element.key == .catchAll || replaced.areUsed(by: element.value, of: new) {
                added.append(element)
            } else {
                early.append(element)
            }
        }
        for element in stale {
            if mayCollide || element.key == .catchAll || replaced.areUsed(by: element.value, of: new) {
                removed.append(element)
            } else {
                unused.append(element)
            }
        }
    }
}
