// SPDX-License-Identifier: Apache-2.0
// Texts of the corpus, compressed ones unpacked by the system's own gzip.
import Foundation

/// The text of a corpus file; `.gz` files are unpacked.
public func corpusText(_ path: String) throws -> String {
    let url = try corpus(path)
    guard url.pathExtension == "gz" else { return try String(contentsOf: url, encoding: .utf8) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", url.path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw MissingTestData(description: "gzip -dc \(path) ended with \(process.terminationStatus)")
    }
    return String(decoding: data, as: UTF8.self)
}
