// SPDX-License-Identifier: Apache-2.0
// Metrics in the text format that Prometheus scrapes, version 0.0.4.

/// Metrics written out.
public struct Exposition: Sendable {
    /// The media type to answer with.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text, UTF-8.
    public private(set) var bytes: [UInt8] = []

    /// Writes families in the order of their names, and the samples of each in the order of their labels.
    ///
    /// Samples with the same labels stay in the order given; a scraper refuses them, so callers make none. Characters that
    /// names may not have become `_`. Cost is linear in the output, but for sorting.
    ///
    /// - Parameter families: The families; those of one name become one, with the first one's help and kind.
    public init(_ families: [MetricFamily]) {
        var positions: [[UInt8]: Int] = [:]
        var merged: [(name: [UInt8], family: MetricFamily)] = []
        for family in families {
            let name = cleaned(family.name, isMetric: true)
            if let position = positions[name] {
                merged[position].family.samples += family.samples
            } else {
                positions[name] = merged.count
                merged.append((name, family))
            }
        }
        merged.sort { $0.name.lexicographicallyPrecedes($1.name) }
        for (name, family) in merged { append(name, family) }
    }

    /// The text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    private mutating func append(_ name: [UInt8], _ family: MetricFamily) {
        bytes += "# HELP ".utf8
        bytes += name
        bytes.append(UInt8(ascii: " "))
        appendEscaped(family.help, quotes: false)
        bytes += "\n# TYPE ".utf8
        bytes += name
        bytes.append(UInt8(ascii: " "))
        bytes += family.kind.rawValue.utf8
        bytes.append(UInt8(ascii: "\n"))
        // The labels' own text is the key: it is needed in any case, and it makes the order total.
        var lines: [(labels: [UInt8], place: Int)] = []
        lines.reserveCapacity(family.samples.count)
        for (place, sample) in family.samples.enumerated() { lines.append((labels(of: sample), place)) }
        lines.sort {
            $0.labels == $1.labels ? $0.place < $1.place : $0.labels.lexicographicallyPrecedes($1.labels)
        }
        for (labels, place) in lines {
            bytes += name
            bytes += labels
            bytes.append(UInt8(ascii: " "))
            append(family.samples[place].value)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    private func labels(of sample: MetricSample) -> [UInt8] {
        guard !sample.labels.isEmpty else { return [] }
        var labels = Exposition()
        for (name, value) in sample.labels {
            labels.bytes.append(UInt8(ascii: labels.bytes.isEmpty ? "{" : ","))
            labels.bytes += cleaned(name, isMetric: false)
            labels.bytes += "=\"".utf8
            labels.appendEscaped(value, quotes: true)
            labels.bytes.append(UInt8(ascii: "\""))
        }
        labels.bytes.append(UInt8(ascii: "}"))
        return labels.bytes
    }

    private init() {}

    /// A help text escapes backslash and newline, a label's value also the quote.
    private mutating func appendEscaped(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\"") where quotes: bytes += "\\\"".utf8
            default: bytes.append(byte)
            }
        }
    }

    private mutating func append(_ value: MetricSample.Value) {
        switch value {
        case .integer(let number): bytes += String(number).utf8
        case .real(let number) where number.isNaN: bytes += "NaN".utf8
        case .real(let number) where number.isInfinite: bytes += (number > 0 ? "+Inf" : "-Inf").utf8
        case .real(let number): bytes += String(number).utf8
        }
    }
}

/// A name with every byte that it may not have turned into `_`; label names have no colon.
private func cleaned(_ name: String, isMetric: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in name.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            bytes.append(byte)
        case UInt8(ascii: ":") where isMetric: bytes.append(byte)
        case UInt8(ascii: "0")...UInt8(ascii: "9") where !bytes.isEmpty: bytes.append(byte)
        default: bytes.append(UInt8(ascii: "_"))
        }
    }
    return bytes.isEmpty ? [UInt8(ascii: "_")] : bytes
}
