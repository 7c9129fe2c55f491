// SPDX-License-Identifier: Apache-2.0
// A command on its way to the daemon.

/// What the command line asks the daemon.
public struct OperationalRequest: Hashable, Sendable, Codable {
    /// The command's words, with its verb.
    public var words: [String]
    /// The form of the answer.
    public var format: OutputFormat

    /// Makes a request.
    public init(words: [String], format: OutputFormat) {
        self.words = words
        self.format = format
    }

    /// Where it is posted.
    public static let path = "/command"
}
