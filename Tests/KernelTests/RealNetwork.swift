// SPDX-License-Identifier: Apache-2.0
// Hosts on both sides of a router that the daemon runs, for real programs.
import Foundation
import Testing

/// Client, router and server as network namespaces of our own, and the daemon in the middle one.
final class RealNetwork {
    private let id = "traffic-\(ProcessInfo.processInfo.processIdentifier)"
    let folder: URL
    private let syslog: SyslogSocket
    private var heard: [String] = []
    private let daemon = Process()
    private let ended = DispatchSemaphore(value: 0)
    // Each is a child of our own: a child's end is noticed once nobody holds its socket, so what a shell leaves behind
    // in the background would keep that shell's end from us.
    private var webServers: [Process] = []

    /// Starts everything.
    ///
    /// - Parameter configuration: the router's, with the interfaces client0.0 and server0.0.
    init(_ configuration: String) throws {
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
            // The server has an address for each kind of policy.
            for number in 2...(host == "server" ? 4 : 2) {
                try on(
                    host,
                    "ip address add 10.\(subnet).0.\(number)/24 dev eth0 && "
                        + "ip address add 2001:db8:\(subnet)::\(number)/64 dev eth0"
                )
            }
            try on(
                host,
                "ip link set eth0 up && ip route add default via 10.\(subnet).0.1 && "
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
                + "--local=/example/ "
                + (2...4).map { "--listen-address=10.2.0.\($0),2001:db8:2::\($0) " }.joined()
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
