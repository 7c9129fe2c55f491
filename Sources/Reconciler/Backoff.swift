// SPDX-License-Identifier: Apache-2.0
// How long to wait before trying again.

/// A wait that doubles with every failure up to a limit.
public struct Backoff: Hashable, Sendable {
    /// The first wait.
    public let first: Duration
    /// The longest wait.
    public let longest: Duration
    /// Failures since the last success.
    public private(set) var failures = 0

    /// Makes a policy.
    public init(first: Duration = .milliseconds(100), longest: Duration = .seconds(30)) {
        self.first = first
        self.longest = longest
    }

    /// Notes a failure.
    ///
    /// - Parameter jitter: Where in the spread to wait, 0 to 1; values outside count as the nearest. The wait lies between
    ///   half and all of its nominal length, so that many waiters part.
    /// - Returns: How long to wait before the next try.
    public mutating func failed(jitter: Double = 1) -> Duration {
        // Beyond 62 doublings every sensible limit is long exceeded.
        let doublings = min(failures, 62)
        failures += 1
        var nominal = min(first, longest)
        for _ in 0..<doublings {
            guard nominal < longest else { break }
            nominal = min(nominal * 2, longest)
        }
        // In whole thousandths, so that long waits are exact.
        let share = jitter > 0 ? Int(min(jitter, 1) * 1000) : 0
        return nominal / 2 + nominal / 2 * share / 1000
    }

    /// Notes a success: the next failure waits the first wait again.
    public mutating func succeeded() { failures = 0 }
}
