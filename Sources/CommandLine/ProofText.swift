// SPDX-License-Identifier: Apache-2.0
// A proof for people, and its certificate for scripts.
import Engine
import Foundation
import SymbolicSemantics

/// What was proved, or why it was not.
func proofText(_ report: ProofReport) -> String {
    let result = report.result
    var lines: [String] = []
    for example in report.counterexamples {
        let finding = example.finding
        lines.append("difference at \(finding.place)")
        if let vector = example.vector { lines.append("  packet    \(vector)") }
        if !finding.assumptions.isEmpty { lines.append("  if        \(finding.assumptions.joined(separator: ", "))") }
        lines.append("  model     \(finding.model.outcome)")
        lines.append("  program   \(finding.program.outcome)")
        lines.append("  statement \(finding.model.origin)")
        lines.append("  rule      \(finding.program.origin)")
        switch example.confirmation {
        case .confirmed(let how): lines.append("  kernel    confirms it: \(how)")
        case .notReproduced:
            lines.append("  kernel    does not show it: a defect of the proof; please report it with the configuration")
        case .notSent(let why): lines.append("  kernel    not asked: \(why)")
        }
    }
    for reason in result.open { lines.append("not proved: \(reason)") }
    for scope in result.outside { lines.append("outside the proof: \(scope)") }
    lines.append(
        (result.isProved ? "proved" : "NOT proved") + " for all packets: \(result.comparisons) comparisons, "
            + "\(result.classes) packet classes, \(result.nodes) nodes, "
            + String(format: "%.3f s", report.seconds)
    )
    return lines.joined(separator: "\n")
}

/// The certificate: what was compared, with which result, and what it does not speak of.
private struct Certificate: Encodable {
    struct Difference: Encodable {
        let place: String
        let packet: String?
        let assumptions: [String]
        let model: String
        let program: String
        let statement: String
        let rule: String
        let confirmation: String
    }

    let proved: Bool
    let configuration: String
    let program: String
    let generation: UInt32?
    let comparisons: Int
    let classes: Int
    let nodes: Int
    let differences: [Difference]
    let open: [String]
    let outside: [String]
    let seconds: Double
}

/// One line of JSON.
func proofJSON(_ report: ProofReport) throws -> String {
    let result = report.result
    let certificate = Certificate(
        proved: result.isProved,
        configuration: report.configuration,
        program: report.program,
        generation: report.generation,
        comparisons: result.comparisons,
        classes: result.classes,
        nodes: result.nodes,
        differences: report.counterexamples.map { example in
            let confirmation =
                switch example.confirmation {
                case .confirmed(let how): "confirmed: \(how)"
                case .notReproduced: "not reproduced"
                case .notSent(let why): "not sent: \(why)"
                }
            return Certificate.Difference(
                place: example.finding.place.description,
                packet: example.vector,
                assumptions: example.finding.assumptions,
                model: example.finding.model.outcome.description,
                program: example.finding.program.outcome.description,
                statement: example.finding.model.origin,
                rule: example.finding.program.origin,
                confirmation: confirmation
            )
        },
        open: result.open,
        outside: result.outside,
        seconds: report.seconds
    )
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(certificate), as: UTF8.self)
}
