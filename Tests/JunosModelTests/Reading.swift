// SPDX-License-Identifier: Apache-2.0
// How tests get from text to a model, and how they name what the commit check said.
import Diagnostics
import Foundation
import JunosModel
import JunosSyntax
import TestSupport

/// Why a configuration cannot be had.
struct UnreadableCorpus: Error {
    let reason: String
}

/// Reads, expands and extracts one text.
func extract(_ text: String) -> ExtractionResult {
    let read = readConfiguration([(name: "test", text: text)])
    let expanded = expandConfiguration(read.tree)
    let extracted = extractConfiguration(expanded.tree)
    return ExtractionResult(
        configuration: extracted.configuration,
        diagnostics: read.diagnostics + expanded.diagnostics + extracted.diagnostics
    )
}

extension ExtractionResult {
    /// The codes of all errors, in order.
    var errors: [String] { diagnostics.filter { $0.severity == .error }.map(\.code) }

    /// The codes of all warnings, in order.
    var warnings: [String] { diagnostics.filter { $0.severity == .warning }.map(\.code) }

    /// The conditions of the only term of the only filter.
    var conditions: [MatchCondition] { configuration.filters.first?.value.terms.first?.from ?? [] }

    /// The actions of the only term of the only filter.
    var actions: TermActions { configuration.filters.first?.value.terms.first?.then ?? TermActions() }
}

/// Every file below a folder of the corpus that holds configuration text, unpacked where it is packed.
func corpusConfigurations() throws -> [(name: String, text: String)] {
    let folders = [
        "batfish-junos/configs", "real-configs/jvd", "real-configs/format-pairs", "real-configs/aerleon-refs",
        "real-configs/vsrx-aws", "real-configs/vsrx-square", "real-configs/srx-demo-class",
        "real-configs/srx-security-demo", "real-configs/tool-renderings", "aerleon", "classbench",
    ]
    var result: [(name: String, text: String)] = []
    for folder in folders {
        let root = try corpus(folder)
        guard let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isRegularFileKey])
        else { throw UnreadableCorpus(reason: "cannot list \(folder)") }
        var urls: [URL] = []
        for case let url as URL in files
        where try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile ?? false {
            urls.append(url)
        }
        for url in urls.sorted(by: { $0.path < $1.path }) where isConfiguration(url) {
            let name = url.path.split(separator: "shared/corpus/").last.map(String.init) ?? url.path
            result.append((name, try text(of: url)))
        }
    }
    return result
}

private func isConfiguration(_ url: URL) -> Bool {
    let name = url.lastPathComponent
    if name.hasSuffix(".md") || name.hasSuffix(".json") { return false }
    if url.path.contains("/aerleon/") {
        return ["juniper-filter.conf", "srx-policy.conf"].contains { name.contains($0) }
    }
    if url.path.contains("/classbench/") { return name.contains("junos-filter.conf") }
    return true
}

/// The text of a file; `.gz` files are unpacked by the system's gzip.
func text(of url: URL) throws -> String {
    guard url.pathExtension == "gz" else { return String(decoding: try Data(contentsOf: url), as: UTF8.self) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", url.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw UnreadableCorpus(reason: "gzip could not unpack \(url.path)") }
    return String(decoding: data, as: UTF8.self)
}
