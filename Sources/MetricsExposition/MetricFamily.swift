// SPDX-License-Identifier: Apache-2.0
// Metrics as values, ready to be written out.

/// One sample of a metric.
public struct MetricSample: Hashable, Sendable {
    /// A reading: whole numbers stay exact.
    public enum Value: Hashable, Sendable {
        case integer(UInt64)
        case real(Double)
    }

    /// Labels in the order in which they are written; names are not repeated.
    public var labels: [(name: String, value: String)]
    /// The reading.
    public var value: Value

    /// Makes a sample with a whole number.
    public init(_ value: UInt64, labels: [(name: String, value: String)] = []) {
        self.labels = labels
        self.value = .integer(value)
    }

    /// Makes a sample with a real number.
    public init(real value: Double, labels: [(name: String, value: String)] = []) {
        self.labels = labels
        self.value = .real(value)
    }

    /// Two samples are equal if labels and reading are.
    public static func == (left: MetricSample, right: MetricSample) -> Bool {
        left.value == right.value && left.labels.elementsEqual(right.labels) { $0 == $1 }
    }

    /// Hashes labels and reading.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(value)
        for (name, value) in labels {
            hasher.combine(name)
            hasher.combine(value)
        }
    }
}

/// All samples of one metric.
public struct MetricFamily: Hashable, Sendable {
    /// What the readings are.
    public enum Kind: String, Hashable, Sendable {
        /// Only grows, but for restarts; its name ends in `_total`.
        case counter
        /// Goes up and down.
        case gauge
    }

    /// The metric's name: letters, digits, `_` and `:`, not beginning with a digit.
    public var name: String
    /// One sentence for people.
    public var help: String
    /// What the readings are.
    public var kind: Kind
    /// The samples.
    public var samples: [MetricSample]

    /// Makes a family.
    public init(_ name: String, help: String, kind: Kind, samples: [MetricSample] = []) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }
}
