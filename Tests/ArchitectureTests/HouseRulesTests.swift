// SPDX-License-Identifier: Apache-2.0
// What the build cannot refuse: pure rooms know no system, and few rooms may hold unsafe code.
import Foundation
import Testing

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// The rooms that `Package.swift` calls pure.
private func pureRooms() throws -> [String] {
    var isPure = false
    var rooms: [String] = []
    for line in try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8).split(separator: "\n") {
        if line.contains("// Row ") {
            isPure = line.contains(", pure.")
        } else if line.contains("// ") {
            isPure = false
        }
        if isPure, line.contains("room(\""), let name = line.split(separator: "\"").dropFirst().first {
            rooms.append(String(name))
        }
    }
    return rooms
}

/// The files of a room: path and lines.
private func sources(_ room: String) throws -> [(path: String, lines: [Substring])] {
    let folder = root.appending(path: "Sources/\(room)")
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map {
        ($0.path, try String(contentsOf: $0, encoding: .utf8).split(separator: "\n"))
    }
}

/// Rooms that may hold pointers, with the reason.
private let unsafeRooms = [
    "Netlink": "system calls", "NftablesKernel": "libnftnl", "Laboratory": "namespaces and packet sockets",
    "NameResolution": "the system's resolver",
]

@Suite struct `House rules` {
    @Test func `pure rooms import no system`() throws {
        let rooms = try pureRooms()
        #expect(rooms.count > 10)
        for room in rooms {
            for file in try sources(room) {
                for line in file.lines where line.contains("import ") && !line.hasPrefix("//") {
                    let name = line.split(separator: " ").last.map(String.init) ?? ""
                    let isSystem =
                        name.hasPrefix("Foundation") || ["Glibc", "Logging", "Synchronization"].contains(name)
                        || name.hasPrefix("NIO") || name.hasPrefix("CN") || name == "CMnl"
                    #expect(!isSystem || !line.split(separator: " ").contains("import"), "\(file.path): \(line)")
                }
            }
        }
    }

    @Test func `unsafe code stands in few rooms`() throws {
        let rooms = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path)
        for room in rooms where unsafeRooms[room] == nil {
            for file in try sources(room) {
                let places = file.lines.filter { line in
                    let code = line.prefix { $0 != "/" }
                    return code.split { !$0.isLetter }.contains("unsafe")
                }
                #expect(places.isEmpty, "\(file.path): \(places)")
            }
        }
    }

    @Test func `each file names its licence and why it exists`() throws {
        let rooms = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path)
        for room in rooms {
            for file in try sources(room) {
                #expect(file.lines.first == "// SPDX-License-Identifier: Apache-2.0", "\(file.path)")
                #expect(file.lines.dropFirst().first?.hasPrefix("// ") == true, "\(file.path)")
            }
        }
    }
}
