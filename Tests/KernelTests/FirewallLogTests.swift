// SPDX-License-Identifier: Apache-2.0
// Actions `log` and `syslog` with real packets: what the daemon hears, keeps, shows, and hands on
// (filters reference §1.3, §4.3, §6.1; DESIGN §3.24).
import Engine
import Foundation
import JunosModel
import Laboratory
import Netlink
import NftablesIR
import OperationalMode
import PacketLog
import Testing

private let logging = """
    interfaces {
        eth1 { unit 0 {
            family inet { filter { input v4; } address 10.1.0.1/24; }
            family inet6 { filter { input v6; } address 2001:db8:1::1/64; }
        } }
        eth2 { unit 0 {
            family inet { filter { output out; } address 10.2.0.1/24; }
            family inet6 { address 2001:db8:2::1/64; }
        } }
        lo0 { unit 0 { family inet { filter { input protect-re; } } } }
    }
    firewall {
        family inet {
            filter v4 {
                term later { from { is-fragment; } then { log; syslog; discard; } }
                term web { from { protocol tcp; destination-port 80; } then { log; accept; } }
                term both { from { protocol udp; destination-port 53; } then { log; syslog; discard; } }
                term quiet { from { protocol udp; destination-port 99; } then { syslog; discard; } }
                term ping { from { protocol icmp; icmp-type echo-request; } then { log; reject; } }
                term on { from { protocol udp; destination-port 77; } then { log; next term; } }
                term rest { then accept; }
            }
            filter out { term a { from { protocol udp; destination-port 88; } then { log; accept; } } term b { then accept; } }
            filter inner { term ssh { from { protocol tcp; destination-port 22; } then { log; discard; } } }
            filter protect-re { term nested { filter inner; } term rest { then accept; } }
        }
        family inet6 { filter v6 {
            term web { from { next-header tcp; destination-port 80; } then { log; discard; } }
            term ping { from { next-header icmp6; icmp-type echo-request; } then { log; accept; } }
            term rest { then accept; }
        } }
    }
    """

/// The same without what reports, for the sandbox's own listener.
private let quiet = logging.replacing("syslog; ", with: "").replacing("log; ", with: "")

private let ipv6 = "\"source\":\"2001:db8:1::9\",\"destination\":\"2001:db8:2::9\""

/// What is sent, and what `show firewall log` says of it behind its time; nothing for what is not logged.
private let rows: [(packet: String, shown: [String]?)] = [
    (vector("tcp", port: 80), ["pfe", "A", "eth1.0", "TCP", "10.1.0.9", "10.2.0.9"]),
    (vector("tcp", port: 81), nil),
    (vector("udp", port: 53), ["pfe", "D", "eth1.0", "UDP", "10.1.0.9", "10.2.0.9"]),
    (vector("udp", port: 99), nil),
    (vector("icmp"), ["pfe", "R", "eth1.0", "ICMP", "10.1.0.9", "10.2.0.9"]),
    (vector("udp", port: 77), ["pfe", "A", "eth1.0", "UDP", "10.1.0.9", "10.2.0.9"]),
    // An output filter's entry names the interface it stands at.
    (vector("udp", port: 88), ["pfe", "A", "eth2.0", "UDP", "10.1.0.9", "10.2.0.9"]),
    // The routing engine's filter goes by its own name, that of what nests the term.
    (vector("tcp", port: 22, out: "local"), ["protect-re", "D", "eth1.0", "TCP", "10.1.0.9", "10.1.0.1"]),
    (vector("tcp", port: 80, ipv6), ["pfe", "D", "eth1.0", "TCP", "2001:db8:1::9", "2001:db8:2::9"]),
    (vector("icmp6", ipv6), ["pfe", "A", "eth1.0", "ICMPV6", "2001:db8:1::9", "2001:db8:2::9"]),
    // A later fragment has no ports, whatever stands in their place.
    (
        "{\"in\":\"eth1\",\"out\":\"eth2\",\"protocol\":\"udp\",\"source\":\"10.1.0.9\","
            + "\"destination\":\"10.2.0.9\",\"fragment-offset\":100,\"payload-length\":16}",
        ["pfe", "D", "eth1.0", "UDP", "10.1.0.9", "10.2.0.9"]
    ),
]

/// The lines of a log, as words behind the time.
private func words(_ text: String) -> [[String]] {
    text.split(separator: "\n").dropFirst(2).map { $0.split(separator: " ").dropFirst().map(String.init) }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct `What filters log` {
    @Test func `is heard, kept, shown, counted and handed to syslog`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "syslog-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let syslog = try SyslogSocket(path: folder.path)
        let bench = try DaemonBench(logging, predecessor: quiet, options: ["--syslog-socket", folder.path])
        try bench.metrics(holding: "sluice_last_commit_success 1")
        #expect(!bench.log.contains("nobody listens"))
        _ = try bench.send(vectors: rows.map(\.packet))

        let expected = rows.compactMap(\.shown)
        let text = try bench.sluice("show", "firewall", "log") { words($0).count == expected.count }
        #expect(words(text) == expected.reversed())
        #expect(text.hasPrefix("Log :\nTime      Filter    Action Interface     Protocol        Src Addr"))

        let detail = try bench.sluice("show", "firewall", "log", "detail")
        #expect(detail.contains("Packet Length: 40, Source address: 10.1.0.9:4000, Destination address: 10.2.0.9:80\n"))
        #expect(detail.contains("Destination address: [2001:db8:2::9]:80\n"))
        #expect(detail.contains("Filter: pfe, Filter action: reject, Name of interface: eth1.0\n"))
        #expect(detail.contains("ICMP type: 8, ICMP code: 0\n") && detail.contains("ICMP type: 128, ICMP code: 0\n"))
        // The fragment, newest of all.
        #expect(detail.split(separator: "\n")[1].hasSuffix("Source address: 10.1.0.9, Destination address: 10.2.0.9"))
        #expect(
            words(try bench.sluice("show", "firewall", "log", "interface", "eth2.0"))
                == expected.filter { $0[2] == "eth2.0" }
        )
        let json = try JSONSerialization.jsonObject(
            with: Data(try bench.sluice("show", "firewall", "log", "--json").utf8)
        )
        let root = try #require(json as? [String: [[String: [Any]]]])
        #expect(root["firewall-log-information"]?.first?["log-information"]?.count == expected.count)

        // Terms with syslog alone are in no log; packets alike may share a line.
        var lines: [String] = []
        while lines.count < 3 { lines.append(try syslog.line()) }
        let messages = lines.map { $0[($0.range(of: "]: ")?.upperBound ?? $0.startIndex)...] }.map(String.init)
        #expect(
            Set(messages) == [
                "PFE_FW_SYSLOG_IP: FW: eth1.0  D  udp 10.1.0.9 10.2.0.9  4000 53 (1 packets)",
                "PFE_FW_SYSLOG_IP: FW: eth1.0  D  udp 10.1.0.9 10.2.0.9  4000 99 (1 packets)",
                "PFE_FW_SYSLOG_IP: FW: eth1.0  D  udp 10.1.0.9 10.2.0.9  0 0 (1 packets)",
            ]
        )
        #expect(
            lines.allSatisfy {
                $0.wholeMatch(of: /<158>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d sluiced\[\d+\]: .*/) != nil
            }
        )

        // Many alike are few lines, and every packet is in one of them.
        _ = try bench.send(vectors: [String](repeating: vector("udp", port: 99), count: 200))
        var packets = 0
        while packets < 200 {
            let line = try syslog.line()
            packets += Int(line.firstMatch(of: /4000 99 \((\d+) packets\)$/)?.1 ?? "") ?? 0
        }
        #expect(packets == 200)

        let page = try bench.metrics(
            holding: "sluice_log_packets_total{statement=\"filter\"} \(expected.count + 1 + 200)"
        )
        for line in ["sluice_log_lost_total 0", "sluice_syslog_lost_total 0"] { #expect(page.contains(line + "\n")) }
        #expect(page.contains("sluice_log_packets_total{statement=\"unknown\"} 0\n"))

        #expect(try bench.sluice("clear", "firewall", "log").isEmpty)
        #expect(words(try bench.sluice("show", "firewall", "log")).isEmpty)

        // A commit that changes what the term does changes what is said of later packets.
        try bench.write(logging.replacing("log; reject;", with: "log; accept;"))
        bench.signal(SIGHUP)
        try bench.sluice("show", "firewall", "log") { text in
            _ = try? bench.send(vectors: [vector("icmp")])
            return words(text).first?[1] == "A"
        }
    }

    @Test func `is counted where syslog takes no more`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "syslog-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let syslog = try SyslogSocket(path: folder.path)
        let bench = try DaemonBench(logging, predecessor: quiet, options: ["--syslog-socket", folder.path])
        try bench.metrics(holding: "sluice_last_commit_success 1")
        // More different lines than the kernel keeps for a reader that does not read.
        let queue = try String(contentsOfFile: "/proc/sys/net/unix/max_dgram_qlen", encoding: .utf8)
        let count = 200 + (try #require(Int(queue.filter(\.isNumber))))
        _ = try bench.send(
            vectors: (0..<count).map { vector("udp", port: 99).replacing("4000", with: "\(10_000 + $0)") }
        )
        var lines = Set<String>()
        var lost = 0
        try bench.sluice("show", "firewall") { _ in
            let page = (try? bench.metrics()) ?? ""
            lost = Int(page.firstMatch(of: /sluice_syslog_lost_total (\d+)\n/)?.1 ?? "") ?? 0
            if lost > 0 { lines.formUnion(syslog.waitingLines()) }
            return lost > 0 && lines.count + lost == count
        }
        #expect(lines.count + lost == count)
    }

    @Test func `goes to the daemon's own log where there is no syslog`() throws {
        let bench = try DaemonBench(logging, predecessor: quiet, options: ["--syslog-socket", "/nonexistent/log"])
        try bench.metrics(holding: "sluice_last_commit_success 1")
        _ = try bench.send(vectors: [vector("udp", port: 99)])
        try bench.sluice("show", "firewall") { _ in
            bench.log.contains("PFE_FW_SYSLOG_IP: FW: eth1.0  D  udp 10.1.0.9 10.2.0.9  4000 99 (1 packets)")
        }
    }

    @Test func `is retried while another program listens`() throws {
        // The sandbox's own listener takes the group.
        let bench = try DaemonBench(logging)
        try bench.metrics(holding: "sluice_last_commit_success 1")
        try bench.sluice("show", "firewall") { _ in bench.log.contains("nothing that filters log is heard") }
        #expect(try bench.sluice("show", "firewall", "log").split(separator: "\n").count == 2)
    }

    @Test func `means what was in force when it was reported`() throws {
        let before = try compiled(logging)
        let after = try compiled(logging.replacing("log; reject;", with: "log; accept;"))
        func prefixes(_ table: Table) -> Set<String> {
            table.chains.values.reduce(into: []) { found, chain in
                for rule in chain.rules { for case .log(let log) in rule.expressions { found.insert(log.prefix) } }
            }
        }
        let old = try #require(prefixes(before.table).subtracting(prefixes(after.table)).first)
        let new = try #require(prefixes(after.table).subtracting(prefixes(before.table)).first)
        var reports = FirewallReports()
        let time = CivilTime(year: 2026, month: 1, day: 1, hour: 0, minute: 0, second: 0, zone: "UTC")
        func action(_ prefix: String) -> FirewallLogEntry.Action? {
            let packet = LoggedPacket(group: 21324, prefix: prefix, bytes: [UInt8](repeating: 0x45, count: 28))
            guard case .filter(let report) = reports.resolve(packet, devices: [:], at: time) else { return nil }
            return report.entry.action
        }
        #expect(action(old) == nil)
        reports.adopt(before.configuration)
        #expect(action(old) == .reject)
        #expect(action(new) == nil)
        reports.adopt(after.configuration)
        #expect(action(old) == .reject)
        #expect(action(new) == .accept)
        // What is not ours, or of no kind that there is, is no report of a filter.
        for prefix in ["", "S", "Sf", "Sx:0123", "hello: world", "Sf:0123456789abcdef"] {
            #expect(action(prefix) == nil)
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct `The listener to reports` {
    /// Deliveries, and how long the last report may wait.
    @Test(arguments: [PacketLogDelivery.immediate(copying: 64), .bulk(copying: 64)])
    func `counts every report that does not arrive`(delivery: PacketLogDelivery) throws {
        let (received, lost, sent) = try inNewNetworkNamespace {
            try run("/usr/bin/env", ["ip", "link", "set", "lo", "up"])
            try loadWithNft(
                """
                table inet t { chain c { type filter hook output priority 0;
                    ip daddr 127.0.0.1 udp dport 9 log prefix "x" group 7 snaplen 64 drop
                }
                }
                """
            )
            // The smallest buffer that the kernel gives.
            var listener = try PacketLogListener(bufferSize: 1)
            try listener.listen(to: 7, delivery)
            let sender = try UDPBurst(port: 9)
            var total = PacketLogListener.Reports()
            var sent: UInt64 = 0
            func read() throws {
                while try listener.wait(milliseconds: 1500) {
                    let reports = try listener.reports()
                    total.packets += reports.packets
                    total.lost += reports.lost
                }
            }
            for _ in 0..<5 {
                sent += sender.send(2000)
                try read()
            }
            // What was lost at the end is known once another report arrives.
            while total.packets.isEmpty || UInt64(total.packets.count) + total.lost != sent, sent < 10_020 {
                sent += sender.send(1)
                try read()
            }
            #expect(total.packets.allSatisfy { $0.prefix == "x" && $0.hook == 3 && $0.etherType == 0x0800 })
            return (UInt64(total.packets.count), total.lost, sent)
        }
        #expect(lost > 0)
        #expect(received > 0)
        #expect(received + lost == sent)
    }
}
