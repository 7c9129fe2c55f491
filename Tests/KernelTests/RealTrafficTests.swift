// SPDX-License-Identifier: Apache-2.0
// Real programs on both sides of a router that the daemon runs: HTTP, DNS, ping and traceroute through permit, deny and
// reject policies, over IPv4 and IPv6, with sessions, logs and counters (flow seed; flow reference §6.2, §9).
import Foundation
import Testing

private let configuration = """
    interfaces {
        client0 { unit 0 { family inet { address 10.1.0.1/24; } family inet6 { address 2001:db8:1::1/64; } } }
        server0 { unit 0 { family inet { address 10.2.0.1/24; } family inet6 { address 2001:db8:2::1/64; } } }
    }
    applications { application trace { protocol udp; destination-port 33434-33523; } }
    security {
        forwarding-options { family { inet6 { mode flow-based; } } }
        zones {
            security-zone trust { interfaces { client0.0; } host-inbound-traffic { system-services { ping; } } }
            security-zone untrust { interfaces { server0.0; } }
        }
        policies { from-zone trust to-zone untrust {
            policy web { match { source-address any; destination-address any; application [ junos-http junos-dns-udp ]; }
                then { permit; log { session-init; session-close; } count; } }
            policy diagnosis { match { source-address any; destination-address any;
                application [ junos-icmp-ping junos-icmp6-echo-request trace ]; } then { permit; } }
            policy no-telnet { match { source-address any; destination-address any; application junos-telnet; }
                then { deny; log { session-init; } } }
            policy no-mail { match { source-address any; destination-address any; application [ junos-smtp junos-syslog ]; }
                then { reject; log { session-init; } } }
        } }
    }
    """

/// Client, router and server as network namespaces of our own, and the daemon in the middle one.
private final class RealNetwork {
    private let id = "traffic-\(ProcessInfo.processInfo.processIdentifier)"
    let folder: URL
    private let syslog: SyslogSocket
    private var heard: [String] = []
    private let daemon = Process()
    private let ended = DispatchSemaphore(value: 0)
    // Each is a child of our own: a child's end is noticed once nobody holds its socket, so what a shell leaves behind
    // in the background would keep that shell's end from us.
    private var webServers: [Process] = []

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: id)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        syslog = try SyslogSocket(path: folder.appending(path: "syslog").path)
        try configuration.write(to: folder.appending(path: "sluice.conf"), atomically: true, encoding: .utf8)
        for host in ["client", "router", "server"] {
            try run("/usr/bin/env", ["ip", "netns", "add", "\(id)-\(host)"])
            try on(host, "ip link set lo up && sysctl -qw net.ipv6.conf.default.accept_dad=0")
        }
        for (host, subnet) in [("client", 1), ("server", 2)] {
            try run(
                "/usr/bin/env",
                [
                    "ip", "link", "add", "\(host)0", "netns", "\(id)-router", "type", "veth", "peer", "name", "eth0",
                    "netns", "\(id)-\(host)",
                ]
            )
            try on(
                "router",
                "ip address add 10.\(subnet).0.1/24 dev \(host)0 && ip address add 2001:db8:\(subnet)::1/64 dev \(host)0 "
                    + "&& ip link set \(host)0 up"
            )
            try on(
                host,
                "ip address add 10.\(subnet).0.2/24 dev eth0 && ip address add 2001:db8:\(subnet)::2/64 dev eth0 && "
                    + "ip link set eth0 up && ip route add default via 10.\(subnet).0.1 && "
                    + "ip -6 route add default via 2001:db8:\(subnet)::1"
            )
        }
        daemon.executableURL = URL(filePath: try builtProgram("sluiced"))
        daemon.arguments = [
            "--netns", "\(id)-router", "--config-dir", folder.path, "--control-socket", control,
            "--syslog-socket", folder.appending(path: "syslog").path,
        ]
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        daemon.standardOutput = output
        daemon.standardError = output
        daemon.terminationHandler = { [ended] _ in ended.signal() }
        try daemon.run()
        try wait { try sluice("show security flow session summary").contains("Sessions-in-use: 0") }
        try serve()
    }

    deinit {
        if daemon.isRunning {
            daemon.terminate()
            ended.wait()
        }
        for host in ["client", "router", "server"] {
            _ = try? run("/bin/sh", ["-c", "ip netns pids \(id)-\(host) | xargs -r kill -9"], mayFail: true)
            if host == "router" {
                _ = try? run(try builtProgram("sluice"), ["remove", "--netns", "\(id)-router"], mayFail: true)
            }
            _ = try? run("/usr/bin/env", ["ip", "netns", "delete", "\(id)-\(host)"], mayFail: true)
        }
        try? FileManager.default.removeItem(at: folder)
    }

    private var control: String { folder.appending(path: "control").path }

    /// What runs on the server: HTTP on port 80, DNS on port 53.
    private func serve() throws {
        let answer = folder.appending(path: "answer").path
        try "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n".write(
            toFile: answer,
            atomically: true,
            encoding: .utf8
        )
        for family in ["-4", "-6"] {
            let webServer = Process()
            webServer.executableURL = URL(filePath: "/usr/bin/env")
            let loop = "while true; do nc \(family) -l -N -p 80 <\(answer); done >/dev/null 2>&1"
            webServer.arguments = ["ip", "netns", "exec", "\(id)-server", "/bin/sh", "-c", loop]
            try webServer.run()
            webServers.append(webServer)
        }
        try on(
            "server",
            "dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --user=root --bind-interfaces --pid-file= "
                + "--listen-address=10.2.0.2,2001:db8:2::2 --local=/example/ "
                + "--host-record=web.example,10.2.0.2,2001:db8:2::2"
        )
    }

    /// Runs a line of shell on a host and gives what it prints, with `exit N` behind it if it fails.
    @discardableResult
    func on(_ host: String, _ line: String) throws -> String {
        // Syslog's queue holds ten lines.
        heard += syslog.waitingLines()
        return try run(
            "/usr/bin/env",
            [
                "ip", "netns", "exec", "\(id)-\(host)", "timeout", "30", "/bin/sh", "-c",
                "{ \(line)\n} 2>&1 || echo exit $?",
            ]
        )
    }

    /// The network namespaces of the daemon's threads, by number, and the router's.
    func namespaces() throws -> (daemon: Set<String>, router: String) {
        let tasks = "/proc/\(daemon.processIdentifier)/task"
        let links = try FileManager.default.contentsOfDirectory(atPath: tasks).map {
            try FileManager.default.destinationOfSymbolicLink(atPath: "\(tasks)/\($0)/ns/net").filter(\.isNumber)
        }
        let router = try on("router", "readlink /proc/self/ns/net").filter(\.isNumber)
        return (Set(links), router)
    }

    /// What syslog was told, until it holds; after a minute without a new line the test fails.
    func syslog(until holds: ([String]) -> Bool) throws -> [String] {
        while !holds(heard) {
            do { heard.append(try syslog.line()) } catch {
                throw WitnessFailure(description: "\(error) behind \(heard)")
            }
        }
        return heard
    }

    func sluice(_ command: String) throws -> String {
        try run(
            try builtProgram("sluice"),
            command.split(separator: " ").map(String.init) + ["--control-socket", control],
            mayFail: true
        )
    }

    /// Waits until something holds; after a minute the test fails.
    func wait(_ holds: () throws -> Bool) throws {
        for _ in 0..<300 {
            if try holds() { return }
            Thread.sleep(forTimeInterval: 0.2)
        }
        let log = (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? ""
        throw WitnessFailure(description: "never as it should be; the daemon says:\n\(log)")
    }
}

@Suite(.timeLimit(.minutes(3))) struct RealTrafficTests {
    @Test func `HTTP, DNS, ping and traceroute through permit, deny and reject, over both versions`() throws {
        let network = try RealNetwork()
        // Servers that answer on themselves answer clients too.
        let isListening = { try network.on("server", "ss -Hltn 'sport = :80'").split(separator: "\n").count == 2 }
        try network.wait(isListening)
        try network.wait { try network.on("server", "host web.example 10.2.0.2").contains("has address") }
        #expect(try network.sluice("clear security policies hit-count") == "")
        let namespaces = try network.namespaces()
        #expect(namespaces.daemon == [namespaces.router], "every thread asks the router's kernel state")

        // Permitted.
        #expect(try network.on("client", "curl -sS --max-time 5 http://10.2.0.2/") == "hello\n")
        try network.wait(isListening)
        #expect(try network.on("client", "curl -sS --max-time 5 'http://[2001:db8:2::2]/'") == "hello\n")
        #expect(try network.on("client", "host -t A web.example 10.2.0.2").contains("has address 10.2.0.2"))
        #expect(
            try network.on("client", "host -t AAAA web.example 2001:db8:2::2").contains("IPv6 address 2001:db8:2::2")
        )
        for address in ["10.2.0.2", "2001:db8:2::2"] {
            #expect(try network.on("client", "ping -c 2 -i 0.2 -W 2 \(address)").contains(" 2 received"))
        }
        let hops = try network.on("client", "traceroute -n -q 1 -w 2 -m 4 10.2.0.2")
        #expect(hops.contains(" 1  10.1.0.1 ") && hops.contains(" 2  10.2.0.2 ") && !hops.contains(" 3  "), "\(hops)")
        let hops6 = try network.on("client", "traceroute -6 -n -q 1 -w 2 -m 4 2001:db8:2::2")
        #expect(hops6.contains(" 1  2001:db8:1::1 ") && hops6.contains(" 2  2001:db8:2::2 "), "\(hops6)")

        // Denied: silence. Rejected: an answer at once, TCP reset and port unreachable.
        for address in ["10.2.0.2", "2001:db8:2::2"] {
            #expect(
                try network.on("client", "curl -sS --max-time 1 'http://\(bracketed(address)):23/'").contains("exit 28")
            )
            #expect(
                try network.on("client", "curl -sS --max-time 5 'http://\(bracketed(address)):25/'").contains("exit 7")
            )
            let refused = try network.on(
                "client",
                "traceroute \(address.contains(":") ? "-6" : "-4") -n -q 1 -w 2 -m 2 -f 2 -U -p 514 \(address)"
            )
            #expect(refused.contains(" 2  \(address.contains(":") ? "2001:db8:1::1" : "10.1.0.1") "), "\(refused)")
        }
        // From the other side nothing begins.
        #expect(try network.on("server", "ping -c 1 -W 1 10.1.0.2").contains(" 0 received"))

        // Sessions, hit counts, statistics.
        let sessions = try network.sluice("show security flow session destination-port 53")
        #expect(
            sessions.contains("  In: 10.1.0.2/")
                && sessions.contains("--> 10.2.0.2/53;udp, Conn Tag: 0x0, If: client0.0, Pkts: 1,")
        )
        #expect(sessions.contains("--> 2001:db8:2::2/53;udp"))
        let hits = try network.sluice("show security policies hit-count")
        func count(_ policy: String) -> Int {
            hits.split(separator: "\n").map { $0.split(separator: " ") }.first { $0.contains(policy[...]) }
                .flatMap { $0.count > 4 ? Int($0[4]) : nil } ?? -1
        }
        #expect(count("web") == 4, "\(hits)")
        #expect(count("no-telnet") >= 2 && count("no-mail") == 4, "\(hits)")
        // Two pings; traceroute asks the server with each of its ports.
        #expect(count("diagnosis") >= 4, "\(hits)")

        // What syslog heard: each session of `web` once, the HTTP ones with their ends, each refused packet.
        func heard(_ tag: String, _ more: String, in lines: [String]) -> Int {
            lines.count(where: { $0.contains(tag) && $0.contains(more) })
        }
        let lines = try network.syslog {
            heard("CLOSE", "TCP FIN", in: $0) >= 2 && heard("CREATE", " web ", in: $0) >= 4
                && heard("DENY", "no-mail", in: $0) >= 4
        }
        #expect(
            heard("CREATE", " web ", in: lines) == 4 && heard("CREATE", "junos-dns-udp", in: lines) == 2,
            "\(lines)"
        )
        #expect(heard("CLOSE: session closed TCP FIN: 2001:db8:1::2/", "junos-http", in: lines) == 1, "\(lines)")
        #expect(
            heard("DENY", "no-telnet trust untrust", in: lines) >= 2
                && heard("DENY", "no-mail trust untrust", in: lines) == 4,
            "\(lines)"
        )
        #expect(heard("RT_FLOW", " diagnosis ", in: lines) == 0, "\(lines)")
    }
}

private func bracketed(_ address: String) -> String { address.contains(":") ? "[\(address)]" : address }
