// SPDX-License-Identifier: Apache-2.0
// The text format, case by case.
import MetricsExposition
import Testing

struct ExpositionCase: CustomTestStringConvertible, Sendable {
    var name: String
    var families: [MetricFamily]
    var text: String

    var testDescription: String { name }
}

private func gauge(_ samples: [MetricSample], help: String = "H.") -> MetricFamily {
    MetricFamily("g", help: help, kind: .gauge, samples: samples)
}

private let head = "# HELP g H.\n# TYPE g gauge\n"

private let expositionCases: [ExpositionCase] = [
    ExpositionCase(name: "no families: no text", families: [], text: ""),
    ExpositionCase(name: "a family without samples", families: [gauge([])], text: head),
    ExpositionCase(name: "no labels, no braces", families: [gauge([MetricSample(1)])], text: head + "g 1\n"),
    ExpositionCase(
        name: "labels keep their order",
        families: [
            MetricFamily(
                "sluice_filter_packets_total",
                help: "Packets that a filter's counter counted.",
                kind: .counter,
                samples: [
                    MetricSample(7, labels: [("family", "inet"), ("counter", "hits"), ("interface", "ge-0/0/0.0")])
                ]
            )
        ],
        text: """
            # HELP sluice_filter_packets_total Packets that a filter's counter counted.
            # TYPE sluice_filter_packets_total counter
            sluice_filter_packets_total{family="inet",counter="hits",interface="ge-0/0/0.0"} 7

            """
    ),
    ExpositionCase(
        name: "whole numbers are exact to the last",
        families: [gauge([MetricSample(UInt64.max)])],
        text: head + "g 18446744073709551615\n"
    ),
    ExpositionCase(
        name: "real numbers",
        families: [
            gauge([
                MetricSample(real: 0.5, labels: [("v", "1")]), MetricSample(real: -1e300, labels: [("v", "2")]),
                MetricSample(real: .infinity, labels: [("v", "3")]),
                MetricSample(real: -.infinity, labels: [("v", "4")]),
                MetricSample(real: .nan, labels: [("v", "5")]), MetricSample(real: 3.0, labels: [("v", "6")]),
            ])
        ],
        text: head
            + "g{v=\"1\"} 0.5\ng{v=\"2\"} -1e+300\ng{v=\"3\"} +Inf\ng{v=\"4\"} -Inf\ng{v=\"5\"} NaN\ng{v=\"6\"} 3.0\n"
    ),
    ExpositionCase(
        name: "label values escape backslash, quote and newline; other bytes stay",
        families: [gauge([MetricSample(1, labels: [("l", "a\\b\"c\nd\tä{}")])])],
        text: head + "g{l=\"a\\\\b\\\"c\\nd\tä{}\"} 1\n"
    ),
    ExpositionCase(
        name: "help escapes backslash and newline, not quotes",
        families: [gauge([], help: "a\\b\"c\nd")],
        text: "# HELP g a\\\\b\"c\\nd\n# TYPE g gauge\n"
    ),
    ExpositionCase(
        name: "families by name, samples by labels",
        families: [
            MetricFamily("z", help: "", kind: .gauge, samples: [MetricSample(1)]),
            gauge([
                MetricSample(2, labels: [("l", "b")]), MetricSample(1, labels: [("l", "a")]), MetricSample(0),
            ]),
        ],
        text: head + "g 0\ng{l=\"a\"} 1\ng{l=\"b\"} 2\n# HELP z \n# TYPE z gauge\nz 1\n"
    ),
    ExpositionCase(
        name: "families of one name are one",
        families: [gauge([MetricSample(1, labels: [("l", "b")])]), gauge([MetricSample(2, labels: [("l", "a")])])],
        text: head + "g{l=\"a\"} 2\ng{l=\"b\"} 1\n"
    ),
    ExpositionCase(
        name: "names keep only what they may have",
        families: [
            MetricFamily(
                "1a-b:c",
                help: "",
                kind: .gauge,
                samples: [MetricSample(1, labels: [("9:x.y", ""), ("", "e")])]
            )
        ],
        text: "# HELP _a_b:c \n# TYPE _a_b:c gauge\n_a_b:c{__x_y=\"\",_=\"e\"} 1\n"
    ),
]

@Suite("Exposition")
struct ExpositionTests {
    @Test(arguments: expositionCases)
    func `metrics are written as the format says`(_ example: ExpositionCase) {
        let exposition = Exposition(example.families)
        #expect(exposition.text == example.text)
        #expect(exposition.bytes == Array(example.text.utf8))
    }

    @Test func `the order given does not matter`() {
        let samples = (0..<200).map { MetricSample(UInt64($0), labels: [("l", "\($0)"), ("m", "x")]) }
        let expected = Exposition([gauge(samples)]).text
        for _ in 0..<10 { #expect(Exposition([gauge(samples.shuffled())]).text == expected) }
    }

    @Test func `a hundred thousand samples are a hundred thousand lines`() {
        let samples = (0..<100_000).map { MetricSample(UInt64($0), labels: [("counter", "c\($0)")]) }
        let bytes = Exposition([gauge(samples)]).bytes
        #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 100_002)
    }
}
