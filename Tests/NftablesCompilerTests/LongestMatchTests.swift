// SPDX-License-Identifier: Apache-2.0
// Address lists with `except` against the definition: the longest entry that contains the address decides
// (filters reference §2.2).
import NetworkTypes
import PolicyModel
import TestSupport
import Testing

@testable import JunosLowering

@Suite struct LongestMatchTests {
    /// The definition, by looking at every entry.
    private func decides(_ entries: [(prefix: Prefix, isExcept: Bool)], _ address: IPAddress) -> Bool {
        let best = entries.filter { $0.prefix.contains(address) }
            .max { ($0.prefix.length, $0.isExcept ? 1 : 0) < ($1.prefix.length, $1.isExcept ? 1 : 0) }
        return best.map { !$0.isExcept } ?? false
    }

    @Test(arguments: [UInt64(11), 12, 13, 14]) func `random lists agree with the definition at every boundary`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let family = Bool.random(using: &random) ? AddressFamily.inet : .inet6
            var entries: [(prefix: Prefix, isExcept: Bool)] = []
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                // Few distinct high bits, so that prefixes nest often.
                let high = UInt128.random(in: 0...7, using: &random) << UInt128(family.bits - 3)
                let low = UInt128.random(in: 0...255, using: &random)
                let length = Int.random(in: 0...family.bits, using: &random)
                let prefix = try #require(Prefix(IPAddress(family, high | low), length: length))
                entries.append((prefix.network, Bool.random(using: &random)))
            }
            let set = longestMatch(entries)
            var probes: Set<UInt128> = [0, family.highest]
            for entry in entries {
                let (first, last) = (entry.prefix.first.value, entry.prefix.last.value)
                probes.formUnion([first, last, (first &- 1) & family.highest, (last &+ 1) & family.highest])
            }
            for probe in probes {
                let isMember = set.intervals.contains { $0.contains(probe) }
                let address = IPAddress(family, probe)
                #expect(isMember == decides(entries, address), "seed \(seed): \(address) in \(entries)")
            }
        }
    }

    @Test func `a list of only except entries matches nothing`() throws {
        let ten = try #require(Prefix("10.0.0.0/8"))
        #expect(longestMatch([(ten, true)]).isEmpty)
    }
}
