// SPDX-License-Identifier: Apache-2.0
// Bit expressions, and runs of entries in shared tables (filters reference §2.5, §3.8).
import JunosModel

/// A run of entries in one of the tables that all conditions share.
struct TableRun: Sendable {
    let first: Int32
    let count: Int32

    init(first: Int, count: Int) {
        self.first = Int32(first)
        self.count = Int32(count)
    }

    /// The entries' indices.
    var indices: Range<Int> { Int(first)..<Int(first) + Int(count) }
}

/// The values of a few bits for which an expression holds, one bit a value (filters reference §3.8, truth set).
struct TruthSet: Sendable {
    private let truth: UInt64

    init(_ expression: BitExpression, width: Int) {
        truth = (0..<(1 << width)).reduce(UInt64(0)) { set, value in
            Self.holds(expression, UInt8(value)) ? set | 1 << UInt64(value) : set
        }
    }

    func contains(_ value: UInt8) -> Bool { truth >> UInt64(value) & 1 == 1 }

    /// A keyword is true when all its bits are set; other bits do not matter (mask semantics).
    private static func holds(_ expression: BitExpression, _ value: UInt8) -> Bool {
        switch expression {
        case .bits(let mask): value & mask == mask
        case .not(let inner): !holds(inner, value)
        case .and(let left, let right): holds(left, value) && holds(right, value)
        case .or(let left, let right): holds(left, value) || holds(right, value)
        }
    }
}
