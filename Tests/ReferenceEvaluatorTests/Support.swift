// SPDX-License-Identifier: Apache-2.0
// How tests write configurations and packets: Junos text, and packets as one line.
import Foundation
import JunosModel
import JunosSyntax
import NetworkTypes
import ReferenceEvaluator
import TestSupport

/// The model of a configuration text, whatever the commit check says about it.
func configuration(_ text: String) -> JunosConfiguration { extraction(text).configuration }

/// What extraction makes of a configuration text.
func extraction(_ text: String) -> ExtractionResult {
    extractConfiguration(expandConfiguration(readConfiguration([(name: "test", text: text)]).tree).tree)
}

/// An evaluator for a configuration text.
func evaluator(_ text: String) -> ReferenceEvaluator { ReferenceEvaluator(configuration(text)) }

/// An evaluator for filter F of a family, given its terms; `more` is further text at the top.
func filterEvaluator(_ terms: String, family: String = "inet", firewall: String = "", more: String = "")
    -> ReferenceEvaluator
{
    evaluator("firewall { \(firewall) family \(family) { filter F { \(terms) } } } \(more)")
}

extension ReferenceEvaluator {
    /// What filter F says to one packet.
    mutating func filter(_ line: String, family: FilterFamily = .inet, time: Double = 0) throws -> PacketAnswer {
        try evaluate(filter: FilterName(family, "F"), PacketVector(id: "p", time: time, packet: packet(line)))
    }

    /// What happens to a packet that arrives; TCP numbers are left to the session.
    mutating func receive(
        _ line: String,
        on input: String,
        to output: String? = nil,
        time: Double = 0,
        trace: Bool = false
    ) throws -> PacketAnswer {
        try evaluate(
            PacketVector(
                id: "p",
                time: time,
                inputInterface: input,
                outputInterface: output,
                packet: packet(line),
                leavesSequenceOpen: !line.contains("seqno="),
                leavesAcknowledgmentOpen: !line.contains("ack=")
            ),
            trace: trace
        )
    }
}

/// The text of a corpus file; `.gz` files are unpacked by the system's gzip.
func unpacked(_ url: URL) throws -> Data {
    guard url.pathExtension == "gz" else { return try Data(contentsOf: url) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", url.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return data
}
