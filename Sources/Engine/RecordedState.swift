// SPDX-License-Identifier: Apache-2.0
// What an apply leaves on disk for the next one: configuration, session owners, previous sysctls, lock (DESIGN §4).
public import Foundation
import Glibc
public import JunosLowering
public import JunosModel
import NetworkTypes

/// Why recorded state cannot be used.
public struct RecordedStateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened and what to do.
    public let description: String
}

/// What is recorded about one network namespace.
public struct Recording: Codable, Sendable {
    /// The sources of the configuration in force, in order.
    public var sources: [Source]
    /// The digest that the marker chain in the kernel carries; without it there the recording is stale.
    public var digest: String
    /// Session owners by number.
    public var policies: [Policy]
    /// Values of sysctls before we changed them.
    public var previousSysctls: [String: String]
    /// How devices merged packets before we turned it off, by device; absent where a version that did not wrote the file.
    public var previousMerging: [String: [String: UInt32]]?
    /// Routing tables by the action that leads into them; absent where a version that had none wrote the file.
    public var ways: ForwardingIndices?
    /// The clock on the wall for which the program was made.
    public var localTime: LocalTime?
    /// Addresses of names of hosts for which the program was made.
    public var hostAddresses: [String: [String]]?

    /// Circumstances as the model takes them.
    public var circumstances: Circumstances {
        Circumstances(
            localTime: localTime ?? Circumstances().localTime,
            hostAddresses: (hostAddresses ?? [:]).mapValues { $0.compactMap { IPAddress($0) } }
        )
    }

    /// One text of the configuration.
    public struct Source: Codable, Sendable {
        /// Its file name.
        public var name: String
        /// Its text.
        public var text: String
    }

    /// One session owner.
    public struct Policy: Codable, Sendable {
        /// From-zone, to-zone, name.
        public var identity: [String]
        /// Its number in `ct mark`.
        public var index: UInt16
        /// Whether the policy is gone, and its number is kept for sessions that may still carry it; absent: false.
        public var isRetired: Bool?
    }

    /// Session owners as lowering takes them.
    public var policyIndices: [PolicyIdentity: UInt16] {
        Dictionary(
            policies.compactMap { policy in
                guard policy.identity.count == 3 else { return nil }
                let parts = policy.identity
                return (PolicyIdentity(from: parts[0], to: parts[1], name: parts[2]), policy.index)
            },
            uniquingKeysWith: { first, _ in first }
        )
    }
}

/// The folder of one network namespace, locked while it lives.
public final class RecordedState: Sendable {
    /// `/run/sluice/netns-<inode>`.
    public let folder: URL
    private let lock: FileHandle

    /// Opens and locks the state of the current network namespace.
    ///
    /// - Throws: if another process holds the lock, named in the message; if the folder cannot be made.
    public init(holder: String) throws {
        folder = try Self.folderOfNamespace()
        do {
            // The configuration is the administrator's alone.
            try FileManager.default.createDirectory(
                at: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw RecordedStateError(description: "cannot make \(folder.path): not permitted; run this as root")
        }
        let path = folder.appending(path: "lock")
        if !FileManager.default.fileExists(atPath: path.path) {
            _ = FileManager.default.createFile(
                atPath: path.path,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            )
        }
        guard let file = FileHandle(forUpdatingAtPath: path.path) else {
            throw RecordedStateError(description: "cannot open \(path.path): not permitted; run this as root")
        }
        lock = file
        guard flock(lock.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = (try? String(contentsOf: path, encoding: .utf8))?
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw RecordedStateError(
                description:
                    "this network namespace is held by \(owner ?? "another process"); stop it, or use it instead"
            )
        }
        try lock.truncate(atOffset: 0)
        try lock.write(contentsOf: Data("\(holder) (process \(ProcessInfo.processInfo.processIdentifier))\n".utf8))
    }

    deinit {
        // A process that is being started beside us may hold a copy of the descriptor: closing ours alone would not unlock.
        flock(lock.fileDescriptor, LOCK_UN)
        try? lock.close()
    }

    private var file: URL { folder.appending(path: "state.json") }

    /// What was recorded, without the lock: for those who only look.
    public static func peek() throws -> Recording {
        let file = try folderOfNamespace().appending(path: "state.json")
        guard let data = try? Data(contentsOf: file),
            let recording = try? JSONDecoder().decode(Recording.self, from: data)
        else {
            throw RecordedStateError(description: "no configuration is recorded for this namespace; apply one first")
        }
        return recording
    }

    private static func folderOfNamespace() throws -> URL {
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self/ns/net")
        return URL(filePath: "/run/sluice/netns-\(target.filter(\.isNumber))")
    }

    /// What was recorded, if anything.
    public func read() throws -> Recording? {
        guard let data = try? Data(contentsOf: file) else { return nil }
        do {
            return try JSONDecoder().decode(Recording.self, from: data)
        } catch {
            throw RecordedStateError(description: "\(file.path) cannot be read: \(error); remove it and apply again")
        }
    }

    /// Records; the file is replaced in one step.
    public func write(_ recording: Recording) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try encoder.encode(recording).write(to: file, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    }

    /// Forgets everything; the lock is held to the end of this process all the same.
    public func remove() throws { try FileManager.default.removeItem(at: folder) }
}
