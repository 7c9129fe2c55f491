// SPDX-License-Identifier: Apache-2.0
// Interval sets against sets of numbers over a small space.
import PolicyModel
import TestSupport
import Testing

@Suite struct IntervalSetTests {
    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8]) func `a set holds what its ranges hold, in canonical form`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let ranges = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                let low = UInt128.random(in: 0...31, using: &random)
                return low...UInt128.random(in: low...31, using: &random)
            }
            let set = IntervalSet(ranges)
            let members = Set((UInt128(0)...31).filter { number in ranges.contains { $0.contains(number) } })
            #expect(Set(set.intervals.flatMap { $0 }) == members, "seed \(seed)")
            for (left, right) in zip(set.intervals, set.intervals.dropFirst()) {
                #expect(left.upperBound + 1 < right.lowerBound, "seed \(seed): intervals touch")
            }
            let rest = set.complement(upTo: 31)
            #expect(Set(rest.intervals.flatMap { $0 }) == Set(0...31).subtracting(members), "seed \(seed)")
            #expect(rest.complement(upTo: 31) == set, "seed \(seed)")
        }
    }

    @Test func `the whole space of addresses has no complement`() {
        let all = IntervalSet([0...UInt128.max])
        #expect(all.covers(upTo: .max))
        #expect(all.complement(upTo: .max).isEmpty)
        #expect(IntervalSet.empty.complement(upTo: .max) == all)
    }
}
