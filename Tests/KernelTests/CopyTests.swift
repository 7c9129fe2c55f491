// SPDX-License-Identifier: Apache-2.0
// `sample` and `port-mirror`: which packets are copied, through model, program and kernel; where the daemon takes them
// (filters reference §4.3, §7.7).
import Foundation
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import Testing

/// Which packets an action copies.
struct CopyRow: CustomTestStringConvertible, Sendable {
    /// As it stands under `then`.
    let action: String
    /// Where copies go.
    let copies: [String]
    /// The packet's fate.
    var verdict = PacketVerdict.accept

    var testDescription: String { action }
}

private let options = """
    forwarding-options {
        packet-capture { file filename pcap files 3 size 4k; maximum-capture-size 100; }
        port-mirroring {
            input { maximum-packet-length 64; }
            family inet { output { interface eth2.0 { next-hop 10.2.0.9; } } }
            family inet6 { output { interface eth2.0; } }
            instance { M { family inet { output { interface eth2.0; } } family inet6 { output { interface eth2.0; } } } }
        }
    }
    """

private let rows = [
    CopyRow(action: "sample;", copies: ["packet-capture"]),
    CopyRow(action: "sample; discard;", copies: ["packet-capture"], verdict: .discard),
    CopyRow(action: "port-mirror;", copies: ["port-mirroring"]),
    CopyRow(action: "port-mirror; discard;", copies: ["port-mirroring"], verdict: .discard),
    CopyRow(action: "port-mirror-instance M; reject;", copies: ["port-mirroring instance M"], verdict: .reject),
    CopyRow(action: "sample; port-mirror-instance M;", copies: ["packet-capture", "port-mirroring instance M"]),
]

@Suite(.serialized, .timeLimit(.minutes(5))) struct `Copies` {
    @Test(arguments: rows, RefusalPlace.allCases)
    func `an action copies the packets of its term and no others`(row: CopyRow, place: RefusalPlace) throws {
        for family in AddressFamily.allCases {
            let witnessed = try witness(
                place.router(
                    family,
                    "term a { from { destination-port 1000; } then { count a; \(row.action) } } term z { then accept; }"
                ) + options,
                [1000, 1001].map { familyVector(family, "udp", port: $0, out: place.destination) }
            )
            #expect(witnessed[0].answer.copies == row.copies)
            #expect(witnessed[0].answer.verdict == row.verdict && verdict(witnessed[0].seen) == row.verdict)
            let prefixes = row.copies.map {
                $0 == "packet-capture" ? "Sc:" : $0 == "port-mirroring" ? "Sm:" : "Sm:M"
            }
            #expect(witnessed[0].seen.logs.map(\.prefix) == prefixes)
            #expect(witnessed[1].answer.copies.isEmpty && witnessed[1].seen.logs.isEmpty)
            #expect(witnessed[0].answer.json().contains("\"copies\":["))
        }
    }

    @Test func `what a policer drops is not copied`() throws {
        let witnessed = try witness(
            plainRouter(
                """
                policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } then discard; }
                family inet { filter F { term a { then { policer p; sample; } } } }
                """,
                eth1: "input F;"
            ) + options,
            [1000, 1001].map { vector("udp", port: $0, "\"length\":1400") }
        )
        #expect(witnessed.map(\.answer.copies) == [["packet-capture"], []])
        #expect(witnessed.map(\.seen.logs.count) == [1, 0])
    }

    @Test func `the daemon keeps sampled packets in a file and sends mirrored ones out, dropped ones too`() throws {
        let bench = try UplinkBench()
        let text = """
            interfaces {
                lan { unit 0 { family inet { filter { input F; } address 10.0.0.1/24; }
                    family inet6 { filter { input F6; } address 2001:db8:0::1/64; } } }
                isp1 { unit 0 { family inet { address 10.0.1.1/24; } } }
                isp2 { unit 0 { family inet { address 10.0.2.1/24; } family inet6 { address 2001:db8:2::1/64; } } }
            }
            forwarding-options {
                sampling { input { rate 3; } }
                packet-capture { file filename taken files 2 size 2k; maximum-capture-size 100; }
                port-mirroring { family inet { output { interface isp2.0 { next-hop 10.0.2.2; } } }
                    family inet6 { output { interface isp2.0 { next-hop 2001:db8:2::2; } } } }
            }
            firewall {
                family inet { filter F {
                    term m { from { destination-port 1001; } then { port-mirror; discard; } }
                    term s { from { destination-port 1002; } then { sample; discard; } }
                    term z { then accept; } } }
                family inet6 { filter F6 { term m { from { destination-port 1001; } then { port-mirror; discard; } }
                    term z { then accept; } } }
            }
            """
        let daemon = try RouterDaemon(bench, text)
        defer { daemon.stop() }
        try daemon.wait(for: "commit complete")
        // Dropped on the lan, and yet the second provider, to whom no route leads, receives it.
        #expect(try bench.fate(1000) == "isp1")
        #expect(try bench.fate(1001) == "isp2")
        #expect(try bench.fate(1001, "2001:db8:ff::1") == "isp2")
        // Thirty packets of which each third is kept: 128 octets of file for each, so two files of 2 KiB hold them all.
        try bench.shell(
            bench.host,
            "exec 3>/dev/udp/198.51.100.1/1002; for i in {1..30}; do printf %0120d $i >&3; done"
        )
        let records = try daemon.capturedRecords("taken.lan.0", atLeast: 10)
        #expect(records.count == 10)
        for record in records {
            #expect(record.kept == 100 && record.length == 148)
            #expect(record.bytes.prefix(1) == [0x45] && record.bytes[22...23] == [0x03, 0xea])
        }
        let numbers = records.map { String(decoding: $0.bytes[28..<100], as: UTF8.self).filter { $0 != "0" } }
        // The last octets are cut off: what stands there is only zeros.
        #expect(numbers.filter { !$0.isEmpty } == [])
    }
}

/// A packet of a capture file.
struct CapturedRecord {
    let kept, length: Int
    let bytes: [UInt8]
}

/// The daemon in the namespace of a bench's router.
final class RouterDaemon {
    private let process = Process()
    private let ended = DispatchSemaphore(value: 0)
    private let log, captures: URL

    init(_ bench: UplinkBench, _ text: String) throws {
        log = bench.folder.appending(path: "log")
        captures = bench.folder.appending(path: "captures")
        try text.write(to: bench.folder.appending(path: "sluice.conf"), atomically: true, encoding: .utf8)
        try Data().write(to: log)
        process.executableURL = URL(filePath: "/usr/bin/nsenter")
        process.arguments = [
            "--net=\(namespacePath(bench.router))", try builtProgram("sluiced"), "--config-dir", bench.folder.path,
            "--capture-dir", captures.path,
        ]
        let output = try FileHandle(forWritingTo: log)
        process.standardOutput = output
        process.standardError = output
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
    }

    func stop() {
        process.terminate()
        if ended.wait(timeout: .now() + 30) != .success { kill(process.processIdentifier, SIGKILL) }
    }

    /// Waits until the daemon says something.
    func wait(for words: String) throws {
        for _ in 0..<600 {
            if try String(contentsOf: log, encoding: .utf8).contains(words) { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        throw WitnessFailure(description: "never '\(words)': \(try String(contentsOf: log, encoding: .utf8))")
    }

    /// The packets of a capture file once there are so many.
    func capturedRecords(_ name: String, atLeast count: Int) throws -> [CapturedRecord] {
        var records: [CapturedRecord] = []
        for _ in 0..<100 {
            let data = (try? Data(contentsOf: captures.appending(path: name))).map(Array.init) ?? []
            records = Self.records(data)
            if records.count >= count { break }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return records
    }

    private static func records(_ file: [UInt8]) -> [CapturedRecord] {
        func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) } }
        guard file.count >= 24, number(0) == 0xa1b2_c3d4, number(20) == 101 else { return [] }
        var records: [CapturedRecord] = []
        var position = 24
        while position + 16 <= file.count {
            let kept = number(position + 8)
            guard position + 16 + kept <= file.count else { break }
            records.append(
                CapturedRecord(
                    kept: kept,
                    length: number(position + 12),
                    bytes: Array(file[(position + 16)..<(position + 16 + kept)])
                )
            )
            position += 16 + kept
        }
        return records
    }
}
