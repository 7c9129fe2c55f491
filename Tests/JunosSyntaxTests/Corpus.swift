// SPDX-License-Identifier: Apache-2.0
// Every file of the corpus that holds Junos configuration, and how to read it.
import Foundation
import TestSupport
import Testing

/// Why a configuration cannot be had.
struct UnreadableCorpus: Error {
    let reason: String
}

/// A configuration of the corpus.
struct CorpusFile: CustomTestStringConvertible, Sendable {
    /// The path below the corpus.
    let path: String
    var testDescription: String { path }

    /// The text; packed files are unpacked by the system's gzip.
    func text() throws -> String {
        let url = try corpus(path)
        guard path.hasSuffix(".gz") else {
            return String(decoding: try Data(contentsOf: url), as: UTF8.self)
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", url.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw UnreadableCorpus(reason: "gzip could not unpack \(path)")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// The files below a folder whose name passes.
    static func below(_ folder: String, where isWanted: (String) -> Bool) throws -> [CorpusFile] {
        let root = try corpus(folder)
        var names: [String] = []
        for case let name as String in FileManager.default.enumerator(atPath: root.path)?.allObjects ?? [] {
            let url = root.appending(path: name)
            guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true, isWanted(name) else {
                continue
            }
            names.append(name)
        }
        guard !names.isEmpty else { throw UnreadableCorpus(reason: "no configurations below \(folder)") }
        return names.sorted().map { CorpusFile(path: "\(folder)/\($0)") }
    }

    /// All of them.
    static func all() throws -> [CorpusFile] {
        let endings = [".conf", ".conf.gz", ".set", ".set.gz", ".cfg", ".txt", ".in"]
        return try below("batfish-junos/configs") { _ in true }
            + below("batfish-junos/transform-pairs") { $0.hasSuffix(".in") }
            + below("real-configs") { name in endings.contains { name.hasSuffix($0) } }
            + below("aerleon") { name in
                (name.contains("juniper") || name.contains("srx")) && endings.contains { name.hasSuffix($0) }
            }
            + below("classbench") { $0.hasSuffix(".conf.gz") }
    }
}
