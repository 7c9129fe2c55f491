// SPDX-License-Identifier: Apache-2.0
// The configurations that verifier tests run: read, checked, lowered and compiled like any other.
import Diagnostics
import Foundation
import JunosLowering
import JunosModel
import JunosSyntax
import NetworkTypes
import NftablesCompiler
import NftablesIR
import Testing
import Verifier

/// A configuration with the program made of it.
struct Sample {
    static let names = [
        "plain-router", "branch-office", "dual-stack-flow", "packet-mode", "lists-and-nesting", "many-zones",
        "inet6-packet-based", "policing", "interface-policers",
    ]

    let configuration: JunosConfiguration
    let table: Table

    init(_ name: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Configurations")
        try self.init(name, String(contentsOf: folder.appending(path: "\(name).conf"), encoding: .utf8))
    }

    init(_ name: String, _ text: String) throws {
        let read = readConfiguration([(name, text)])
        let expanded = expandConfiguration(read.tree)
        let extracted = extractConfiguration(expanded.tree)
        let lowered = lowerConfiguration(extracted.configuration)
        let errors = (read.diagnostics + expanded.diagnostics + extracted.diagnostics + lowered.diagnostics)
            .filter { $0.severity == .error }
        try #require(errors.isEmpty, "\(errors.map { "\($0)" }.joined(separator: "\n"))")
        configuration = extracted.configuration
        table = compileProgram(lowered.policy)
    }

    /// Runs vectors past model and program.
    func verify(_ vectors: [PacketVector], table: Table? = nil) throws -> VerificationReport {
        var verification = Verification(configuration, table: table ?? self.table)
        for vector in vectors { verification.judge(try verification.predict(vector)) }
        return verification.finished(seconds: 0)
    }
}
