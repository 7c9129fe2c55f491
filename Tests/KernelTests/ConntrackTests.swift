// SPDX-License-Identifier: Apache-2.0
// Sessions as the kernel holds them: read, told of, deleted; the `conntrack` program is the outside witness.
import Conntrack
import Foundation
import NetworkTypes
import Testing

/// What one conversation in a private namespace is: made by a program, seen as a session.
private struct Conversation: Sendable, CustomTestStringConvertible {
    var name: String
    /// Sends it; `%M` stands for the number that tells it from others.
    var program: [String]
    var original: SessionTuple
    /// Whether loopback answers, so that the session has seen both directions.
    var isAnswered: Bool
    var testDescription: String { name }
}

private func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(.inet, 0) }

private let conversations = [
    Conversation(
        name: "UDP over IPv4",
        program: ["/bin/sh", "-c", "echo x | nc -u -q 0 -w 1 -p 4001 127.0.0.1 7001"],
        original: SessionTuple(
            source: address("127.0.0.1"),
            destination: address("127.0.0.1"),
            protocolNumber: 17,
            selector: .ports(source: 4001, destination: 7001)
        ),
        isAnswered: false
    ),
    Conversation(
        name: "UDP over IPv6",
        program: ["/bin/sh", "-c", "echo x | nc -6 -u -q 0 -w 1 -p 4002 ::1 7002"],
        original: SessionTuple(
            source: address("::1"),
            destination: address("::1"),
            protocolNumber: 17,
            selector: .ports(source: 4002, destination: 7002)
        ),
        isAnswered: false
    ),
    Conversation(
        name: "echo over IPv4",
        program: ["/bin/ping", "-c", "1", "-e", "77", "127.0.0.1"],
        original: SessionTuple(
            source: address("127.0.0.1"),
            destination: address("127.0.0.1"),
            protocolNumber: 1,
            selector: .query(identifier: 77, type: 8, code: 0)
        ),
        isAnswered: true
    ),
    Conversation(
        name: "echo over IPv6",
        program: ["/bin/ping", "-6", "-c", "1", "-e", "78", "::1"],
        original: SessionTuple(
            source: address("::1"),
            destination: address("::1"),
            protocolNumber: 58,
            selector: .query(identifier: 78, type: 128, code: 0)
        ),
        isAnswered: true
    ),
]

/// Tracks everything and marks what is sent with the number of its IP version.
private let tracking = """
    table inet t {
      chain c {
        type filter hook output priority 0;
        ct state new meta nfproto ipv4 ct mark set 0x10004
        ct state new meta nfproto ipv6 ct mark set 0x10006
      }
    }
    """

@Suite(.timeLimit(.minutes(2))) struct ConntrackTests {
    /// A namespace with loopback up, in which sessions are counted and dated.
    private static func prepare() throws {
        try run("/sbin/ip", ["link", "set", "lo", "up"])
        try loadWithNft(tracking)
        for name in ["acct", "timestamp", "events"] {
            try Data("1\n".utf8).write(to: URL(filePath: "/proc/sys/net/netfilter/nf_conntrack_\(name)"))
        }
    }

    @Test func `sessions are read as the outside witness prints them`() throws {
        try inNewNetworkNamespace {
            try Self.prepare()
            for conversation in conversations {
                try run(conversation.program[0], Array(conversation.program.dropFirst()), mayFail: true)
            }
            var connection = try ConntrackConnection()
            let all = try connection.sessions()
            for conversation in conversations {
                let session = try #require(
                    all.first { $0.original == conversation.original },
                    "\(conversation.name) among \(all.map(\.original))"
                )
                #expect(session.status.contains(.seenReply) == conversation.isAnswered, "\(conversation.name)")
                #expect(session.status.contains(.confirmed))
                #expect(session.reply.source == session.original.destination)
                #expect(session.mark == (conversation.original.source.family == .inet ? 0x10004 : 0x10006))
                #expect((session.timeout ?? 0) > 0)
                #expect(session.originalTraffic?.packets == 1)
                #expect(session.replyTraffic?.packets == (conversation.isAnswered ? 1 : 0))
                let now = UInt64(Date().timeIntervalSince1970 * 1e9)
                let start = try #require(session.start)
                #expect(start < now && start > now - 60_000_000_000 && session.stop == nil)
            }
            let witnessed = try run("/usr/sbin/conntrack", ["-L", "-o", "id,extended"])
            let numbers = Set(
                witnessed.split(separator: "use=1 id=").dropFirst().compactMap { UInt32($0.prefix { $0.isNumber }) }
            )
            #expect(numbers == Set(all.map(\.id)), "\(witnessed)")
        }
    }

    @Test func `the kernel chooses sessions by family and mark, and deletes one or many`() throws {
        try inNewNetworkNamespace {
            try Self.prepare()
            for conversation in conversations {
                try run(conversation.program[0], Array(conversation.program.dropFirst()), mayFail: true)
            }
            var connection = try ConntrackConnection()
            #expect(try connection.sessions(family: .inet).allSatisfy { $0.original.source.family == .inet })
            let six = try connection.sessions(marked: MarkFilter(0x6, mask: 0xffff))
            #expect(six.count >= 2 && six.allSatisfy { $0.original.source.family == .inet6 })
            for conversation in conversations where conversation.original.source.family == .inet {
                let session = try #require(try connection.sessions().first { $0.original == conversation.original })
                #expect(try connection.delete(session), "\(conversation.name)")
                #expect(try !connection.delete(session), "a second time it is gone")
            }
            #expect(try !connection.sessions(marked: MarkFilter(0x6, mask: 0xffff)).isEmpty)
            try connection.deleteAll(marked: MarkFilter(0x6, mask: 0xffff))
            #expect(try connection.sessions(marked: MarkFilter(0x6, mask: 0xffff)).isEmpty)
            try run("/bin/ping", ["-c", "1", "127.0.0.1"])
            #expect(try !connection.sessions().isEmpty)
            try connection.deleteAll()
            #expect(try connection.sessions().isEmpty)
        }
    }

    @Test func `beginnings and ends are told with final traffic`() throws {
        try inNewNetworkNamespace {
            try Self.prepare()
            let events = try ConntrackEvents()
            let conversation = conversations[2]
            try run(conversation.program[0], Array(conversation.program.dropFirst()))
            var connection = try ConntrackConnection()
            try connection.deleteAll()
            var began: TrackedSession?
            var ended: TrackedSession?
            while ended == nil {
                let heard = try events.wait(milliseconds: 10_000)
                try #require(!heard.isEmpty, "no event in ten seconds")
                for event in heard {
                    switch event {
                    case .began(let session) where session.original == conversation.original: began = session
                    case .ended(let session) where session.original == conversation.original: ended = session
                    case .lost: Issue.record("events were lost")
                    default: break
                    }
                }
            }
            #expect(began?.id == ended?.id)
            #expect(ended?.originalTraffic == SessionTraffic(packets: 1, bytes: 84))
            #expect(ended?.replyTraffic == SessionTraffic(packets: 1, bytes: 84))
            let (start, stop) = (try #require(ended?.start), try #require(ended?.stop))
            #expect(start <= stop)
        }
    }

    @Test func `an overflow is told`() throws {
        try inNewNetworkNamespace {
            try Self.prepare()
            let events = try ConntrackEvents(bufferSize: 4096)
            // Sixty-four sessions begin while nobody reads.
            let script = "for i in $(seq 1 64); do echo x | nc -u -q 0 -w 1 127.0.0.1 $((7000 + i)); done"
            try run("/bin/sh", ["-c", script], mayFail: true)
            var isTold = false
            while true {
                let heard = try events.wait(milliseconds: 0)
                if heard.isEmpty { break }
                if heard.contains(.lost) { isTold = true }
            }
            #expect(isTold)
        }
    }
}
