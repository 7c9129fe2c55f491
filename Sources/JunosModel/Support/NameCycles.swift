// SPDX-License-Identifier: Apache-2.0
// Sets that contain themselves, found in time linear in all memberships.

/// The names that lie on a cycle of the graph or close one, sorted; emptying them leaves no cycle.
func namesInCycles(_ members: [String: [String]]) -> [String] {
    // Names whose members are all done leave one by one; what remains leads into a cycle.
    var waiting: [String: Int] = [:]
    var owners: [String: [String]] = [:]
    for (name, list) in members {
        for member in list where members[member] != nil {
            waiting[name, default: 0] += 1
            owners[member, default: []].append(name)
        }
    }
    var free = members.keys.filter { waiting[$0] == nil }
    while let name = free.popLast() {
        for owner in owners[name] ?? [] {
            waiting[owner, default: 0] -= 1
            if waiting[owner] == 0 { free.append(owner) }
        }
    }
    return waiting.filter { $0.value > 0 }.keys.sorted()
}
