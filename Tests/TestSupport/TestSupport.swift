// SPDX-License-Identifier: Apache-2.0
// Where tests find the corpus; missing data is a failure, never a skip.
public import Foundation

/// Why a test could not get at its data.
public struct MissingTestData: Error, CustomStringConvertible {
    /// The file or folder that is not there.
    public let description: String

    /// Says what is not there or cannot be read.
    public init(description: String) { self.description = description }
}

/// The project's root folder.
public let projectRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// A file or folder of the corpus beside the project (`corpus/README.md` there explains it).
public func corpus(_ path: String) throws -> URL {
    let url = projectRoot.deletingLastPathComponent().appending(path: "shared/corpus").appending(path: path)
    guard FileManager.default.fileExists(atPath: url.path) else {
        throw MissingTestData(description: "corpus file missing: \(path) (looked at \(url.path))")
    }
    return url
}
