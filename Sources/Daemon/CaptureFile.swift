// SPDX-License-Identifier: Apache-2.0
// A capture file that other programs read (pcap, packets without a link header), and those before it.
import Foundation

/// One growing capture file; when it is full it becomes `NAME.0`, and those before it move on.
final class CaptureFile {
    private let path: String
    private let limit: UInt64
    private let files: Int
    private let permissions: Int
    private var handle: FileHandle
    private var size: UInt64 = 0

    /// The header of a file: magic number, version 2.4, no zone, snap length, link type 101 (`LINKTYPE_RAW`).
    private static let header: [UInt8] =
        [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0] + little(65_535) + little(101)

    /// Begins a file; one of that name from before is kept as the newest of the old ones.
    ///
    /// - Parameters:
    ///   - limit: Octets at which the next one is begun.
    ///   - files: How many there may be, this one included.
    init(path: String, limit: UInt64, files: Int, isWorldReadable: Bool) throws {
        self.path = path
        self.limit = limit
        self.files = files
        permissions = isWorldReadable ? 0o644 : 0o600
        try Self.moveOn(path, files)
        handle = try Self.create(path, permissions)
        size = UInt64(Self.header.count)
    }

    deinit { try? handle.close() }

    /// Adds a packet.
    ///
    /// - Parameter length: The octets that it had; `bytes` may be fewer.
    func append(_ bytes: [UInt8], length: Int, at time: Date) throws {
        if size + UInt64(bytes.count) + 16 > limit {
            try handle.close()
            try Self.moveOn(path, files)
            handle = try Self.create(path, permissions)
            size = UInt64(Self.header.count)
        }
        let seconds = time.timeIntervalSince1970
        let micros = (seconds - seconds.rounded(.down)) * 1_000_000
        let record =
            Self.little(UInt32(seconds)) + Self.little(UInt32(micros)) + Self.little(UInt32(bytes.count))
            + Self.little(UInt32(length))
        try handle.write(contentsOf: Data(record + bytes))
        size += UInt64(record.count + bytes.count)
    }

    private static func little(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    /// A new file, never one that stands there already: whoever put it there may have meant another.
    private static func create(_ path: String, _ permissions: Int) throws -> FileHandle {
        let manager = FileManager.default
        guard !manager.fileExists(atPath: path),
            manager.createFile(
                atPath: path,
                contents: Data(header),
                attributes: [.posixPermissions: permissions]
            ), let handle = FileHandle(forUpdatingAtPath: path)
        else { throw CaptureFailure(description: "cannot make the capture file \(path)") }
        try handle.seekToEnd()
        return handle
    }

    /// Makes room under a name: it becomes `.0`, `.0` becomes `.1`, and the last one goes.
    private static func moveOn(_ path: String, _ files: Int) throws {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path) else { return }
        let oldest = "\(path).\(max(0, files - 2))"
        if manager.fileExists(atPath: oldest) { try manager.removeItem(atPath: oldest) }
        for number in stride(from: files - 3, through: 0, by: -1)
        where manager.fileExists(atPath: "\(path).\(number)") {
            try manager.moveItem(atPath: "\(path).\(number)", toPath: "\(path).\(number + 1)")
        }
        try manager.moveItem(atPath: path, toPath: "\(path).0")
    }
}

/// Why packets cannot be captured.
struct CaptureFailure: Error, CustomStringConvertible {
    let description: String
}
