// SPDX-License-Identifier: Apache-2.0
// A sandbox leaves nothing behind, touches nothing outside, and says what it lacks.
import CNetfilterShims
import Foundation
import Laboratory
import Netlink
import NetworkTypes
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct LaboratoryLifetimeTests {
    private func namespace(ofThread thread: String) throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/task/\(thread)/ns/net")
    }

    /// How many descriptors of this process are ends of TUN devices with names that only this suite uses.
    private func tunDescriptors() throws -> Int {
        let folder = "/proc/self/fdinfo"
        return try FileManager.default.contentsOfDirectory(atPath: folder).count {
            let text = (try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) ?? ""
            return text.contains("iff:\tlife")
        }
    }

    private let mortal = (0..<3).map { SandboxInterface(name: "life\($0)") }

    @Test func `work on the thread happens in its namespace and nowhere else`() throws {
        let thread = try NetworkNamespaceThread()
        let inside = try thread.run { () throws -> (names: [String], namespace: String) in
            let text = try String(contentsOfFile: "/proc/thread-self/net/dev", encoding: .utf8)
            let names = text.split(separator: "\n").dropFirst(2).map {
                $0.split(separator: ":")[0].trimmingCharacters(in: .whitespaces)
            }
            try Data("1\n".utf8).write(to: URL(filePath: "/proc/sys/net/ipv4/ip_forward"))
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self/ns/net")
            return (names, own)
        }
        #expect(inside.names == ["lo"])
        #expect(try namespace(ofThread: "\(thread.number)") == inside.namespace)
        #expect(try namespace(ofThread: "\(getpid())") != inside.namespace)
        let value = try thread.run {
            try String(contentsOfFile: "/proc/sys/net/ipv4/ip_forward", encoding: .utf8)
        }
        #expect(value == "1\n")
        let other = try NetworkNamespaceThread()
        let fresh = try other.run { try String(contentsOfFile: "/proc/sys/net/ipv4/ip_forward", encoding: .utf8) }
        #expect(fresh == "0\n")
        let joined = try NetworkNamespaceThread(joining: "/proc/self/task/\(thread.number)/ns/net")
        let same = try joined.run {
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self/ns/net")
        }
        #expect(same == inside.namespace)
    }

    @Test func `what work throws is thrown to the sender, and a stopped thread takes none`() throws {
        struct Planned: Error {}
        let thread = try NetworkNamespaceThread()
        #expect(throws: Planned.self) { try thread.run { throw Planned() } }
        #expect(try thread.run { try thread.run { 7 } } == 7)
        thread.stop()
        thread.stop()
        let error = #expect(throws: LaboratoryError.self) { try thread.run { 1 } }
        #expect(error?.code == .stopped)
    }

    @Test func `a namespace that does not exist cannot be joined`() throws {
        let error = #expect(throws: NetlinkError.self) { try NetworkNamespaceThread(joining: "/run/netns/no-such") }
        #expect(error?.description.contains("/run/netns/no-such") == true)
    }

    @Test func `threads and descriptors are gone when a sandbox is`() throws {
        var path = ""
        do {
            let sandbox = try Sandbox(interfaces: mortal)
            path = sandbox.namespacePath
            #expect(try tunDescriptors() == 3)
            #expect(FileManager.default.fileExists(atPath: path))
        }
        #expect(try tunDescriptors() == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
        let stopped = try Sandbox(interfaces: mortal)
        stopped.stop()
        #expect(try tunDescriptors() == 0)
        #expect(throws: LaboratoryError.self) { try stopped.load(gate) }
    }

    @Test func `the namespace itself is gone when its thread has ended`() throws {
        // A veth pair with one end in each namespace: the kernel takes both ends away with either namespace.
        let outer = try NetworkNamespaceThread()
        let inner = try NetworkNamespaceThread()
        let pair = "/proc/self/task/\(inner.number)/ns/net"
        let descriptor = unsafe open(pair, O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        try outer.run {
            var payload = AttributeWriter()
            payload.raw([UInt8](repeating: 0, count: 16))
            payload.put(3, text: "outer0")
            payload.nest(18) { info in
                info.put(1, text: "veth")
                info.nest(2) { data in
                    data.nest(1) { peer in
                        peer.raw([UInt8](repeating: 0, count: 16))
                        peer.put(3, text: "inner0")
                        peer.put(28, host32: UInt32(descriptor))
                    }
                }
            }
            var socket = try NetlinkSocket(.route)
            _ = try socket.request(type: 16, flags: 0x600, payload: payload.bytes, operation: "make a veth pair")
        }
        close(descriptor)
        func outerExists() throws -> Bool {
            try outer.run {
                try String(contentsOfFile: "/proc/thread-self/net/dev", encoding: .utf8).contains("outer0")
            }
        }
        #expect(try outerExists())
        inner.stop()
        // The kernel cleans up in the background.
        for _ in 0..<500 where try outerExists() { Thread.sleep(forTimeInterval: 0.02) }
        #expect(try !outerExists())
    }

    @Test func `a missing privilege is named`() throws {
        let powerless = try NetworkNamespaceThread()
        let descriptions = try powerless.run { () -> [String] in
            guard CNetfilterShims_dropCapabilities() == 0 else { return ["capset failed"] }
            var descriptions: [String] = []
            do { _ = try Sandbox(interfaces: threeInterfaces) } catch { descriptions.append("\(error)") }
            do { _ = try NetworkNamespaceThread(joining: "/proc/thread-self/ns/net") } catch {
                descriptions.append("\(error)")
            }
            return descriptions
        }
        #expect(descriptions.count == 2)
        for description in descriptions {
            #expect(description.contains("CAP_SYS_ADMIN") || description.contains("CAP_NET_ADMIN"))
        }
    }
}
