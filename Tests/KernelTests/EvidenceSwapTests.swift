// SPDX-License-Identifier: Apache-2.0
// Five hundred commits under load: no packet may meet half a program (DESIGN §4, prepare, switch, sweep).
import Engine
import Foundation
import NetworkTypes
import NftablesIR
import Synchronization
import Testing

@testable import Laboratory

/// Programs that all accept UDP port 1000 and drop UDP port 2000, each by other rules than the one before.
private let programs: [String] = {
    let filters = [
        // An accept rule decides the one, a drop rule the other.
        (
            "input F;",
            """
            filter F { term p { from { protocol udp; destination-port 1000; } then { count p; accept; } }
                term q { from { protocol udp; destination-port 2000; } then { count q; discard; } }
                term z { then { count z; accept; } } }
            """
        ),
        // The other way round: what drops comes first, what accepts is the rest.
        (
            "input F;",
            """
            filter F { term q { from { destination-port 1500-2500; } then { count q; discard; } }
                term p { then { count p; accept; } } }
            """
        ),
        // The drop is implicit, the acceptance comes two terms later.
        (
            "input F;",
            """
            filter F { term n { from { protocol udp; } then { count z; next term; } }
                term p { from { source-address { 10.1.0.0/24; } destination-port [ 900 1000 1100 ]; } then { count p; accept; } } }
            """
        ),
        // Another filter, so that every counter of the binding goes and comes.
        (
            "input G;",
            """
            filter G { term q { from { destination-port-except 1000; } then { count other-q; discard; } }
                term p { then { count other-p; accept; } } }
            """
        ),
        // A list, whose instance has yet another name.
        (
            "input-list [ F G ];",
            """
            filter F { term q { from { destination-port 2000; } then { count q; discard; } } }
            filter G { term p { from { destination-port 1000; } then { count p; accept; } } }
            """
        ),
    ]
    return filters.map { attachment, filter in
        """
        interfaces {
            eth1 { unit 0 { family inet { filter { \(attachment) } address 10.1.0.1/24; } } }
            eth2 { unit 0 { family inet { address 10.2.0.1/24; } } }
        }
        firewall { family inet { \(filter) } }
        """
    }
}()

/// What came out of a stream of packets.
private struct Stream: Sendable {
    var sent = 0
    var accepted = 0
    var leaked = 0
    var foreign = 0
}

@Suite(.timeLimit(.minutes(5))) struct `Commits under load` {
    @Test func `500 swaps of accept and drop rules lose no packet of one flow and leak none of the other`() throws {
        let tables = try programs.map { try compiled($0).table }
        let router = try NetworkNamespaceThread()
        defer { router.stop() }
        let devices = try router.run { try Devices() }
        for command in [
            "link set eth1 up", "link set eth2 up", "address add 10.1.0.1/24 dev eth1",
            "address add 10.2.0.1/24 dev eth2",
        ] {
            try run(beside: router, "/bin/sh", "-c", "ip " + command)
        }
        let committer = try NetworkNamespaceThread(joining: "/proc/self/task/\(router.number)/ns/net")
        defer { committer.stop() }
        _ = try committer.run { try Deployment().apply(tables[0]) }

        let isOver = Atomic(false)
        let stream = Mutex<Result<Stream, any Error>?>(nil)
        let ended = DispatchSemaphore(value: 0)
        let began = DispatchSemaphore(value: 0)
        let writer = Thread {
            let result = Result {
                try router.run { try devices.send(until: { isOver.load(ordering: .relaxed) }, began) }
            }
            stream.withLock { $0 = result }
            ended.signal()
        }
        writer.start()
        began.wait()
        let swaps = Result {
            try committer.run {
                let deployment = try Deployment()
                var changes: [Int] = []
                for number in 1...500 {
                    changes.append(try deployment.apply(tables[number % tables.count]).changes)
                }
                try deployment.confirm(tables[500 % tables.count])
                return changes
            }
        }
        isOver.store(true, ordering: .relaxed)
        ended.wait()
        let changes = try swaps.get()
        let result = try #require(try stream.withLock { $0 }?.get())
        print(
            "swaps \(changes.count), changes \(changes.reduce(0, +)); packets of each flow \(result.sent), "
                + "accepted \(result.accepted), leaked \(result.leaked)"
        )
        #expect(changes.count == 500 && changes.allSatisfy { $0 > 0 })
        // A stream that stood still would prove nothing.
        #expect(result.sent > changes.count)
        #expect(result.accepted == result.sent)
        #expect(result.leaked == 0 && result.foreign == 0)
    }
}

/// Two devices of the router's namespace; used on its thread alone.
private final class Devices: @unchecked Sendable {
    private let input: TunDevice
    private let output: TunDevice
    private let wanted: Packet
    private let unwanted: Packet

    init() throws {
        input = try TunDevice(name: "eth1")
        output = try TunDevice(name: "eth2")
        for (path, value) in [("ip_forward", "1"), ("conf/all/rp_filter", "0"), ("conf/eth1/rp_filter", "0")] {
            try value.write(toFile: "/proc/sys/net/ipv4/\(path)", atomically: false, encoding: .utf8)
        }
        let (source, destination) = try (#require(IPAddress("10.1.0.9")), #require(IPAddress("10.2.0.9")))
        wanted = try PacketFields(17, from: source, to: destination, sourcePort: 4000, destinationPort: 1000).build()
        unwanted = try PacketFields(17, from: source, to: destination, sourcePort: 4000, destinationPort: 2000).build()
    }

    /// Writes one packet of each flow after the other, without a pause, and counts what leaves.
    ///
    /// When a write returns the kernel has dealt with the packet, so what it lets pass is there to be read.
    func send(until isOver: () -> Bool, _ began: DispatchSemaphore) throws -> Stream {
        var stream = Stream()
        while !isOver() {
            for _ in 0..<64 {
                stream.sent += 1
                try input.write(wanted)
                try input.write(unwanted)
                while let packet = try output.read() {
                    switch packet.header.destinationPort {
                    case 1000?: stream.accepted += 1
                    case 2000?: stream.leaked += 1
                    default: if packet.family == .inet { stream.foreign += 1 }
                    }
                }
            }
            if stream.sent == 64 { began.signal() }
        }
        return stream
    }
}
