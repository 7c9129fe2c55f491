// SPDX-License-Identifier: Apache-2.0
// Filter-based forwarding on a router with two uplinks, in real namespaces: which way packets go, what becomes of them
// when that way is gone, and what `remove` leaves (filters reference §4.1, DESIGN §3.22).
import Engine
import Foundation
import Laboratory
import Testing

/// A host, a router and two providers, each a namespace; the default route leads to the first provider.
final class UplinkBench {
    let host, router, first, second: NetworkNamespaceThread
    let folder: URL

    init() throws {
        // Foundation's machinery for children must not be born in a namespace.
        _ = try inNewNetworkNamespace { true }
        host = try NetworkNamespaceThread()
        router = try NetworkNamespaceThread()
        first = try NetworkNamespaceThread()
        second = try NetworkNamespaceThread()
        folder = FileManager.default.temporaryDirectory.appending(path: "forwarding-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for place in [host, router, first, second] {
            try ip(place, "link set lo up")
            try shell(
                place,
                "for f in all default; do echo 0 > /proc/sys/net/ipv6/conf/$f/accept_dad; done; "
                    + "echo 0 > /proc/sys/net/ipv4/icmp_ratelimit"
            )
        }
        try connect("lan")
        try connect("isp1")
        try connect("isp2")
        try ip(router, "route add default via 10.0.1.2")
        try ip(router, "-6 route add default via 2001:db8:1::2")
        for place in [host, first, second] {
            try run(
                beside: place,
                "/usr/sbin/nft",
                "add table inet seen; add chain inet seen in { type filter hook input priority 0; }; "
                    + "add set inet seen ports { type inet_service; flags dynamic; }; "
                    + "add counter inet seen unreachable; add rule inet seen in icmp type 3 counter name unreachable; "
                    + "add rule inet seen in icmpv6 type 1 counter name unreachable; "
                    + "add rule inet seen in udp dport 1-65535 update @seen { udp dport }".replacing(
                        "@seen",
                        with: "@ports"
                    )
            )
        }
    }

    deinit {
        try? router.run { forgetRecordedState() }
        for place in [host, router, first, second] { place.stop() }
        try? FileManager.default.removeItem(at: folder)
    }

    /// Makes one of the router's links anew; a link that was there is gone first.
    func connect(_ name: String) throws {
        let (peer, place, number): (String, NetworkNamespaceThread, Int) =
            switch name {
            case "lan": ("h0", host, 0)
            case "isp1": ("u0", first, 1)
            default: ("u0", second, 2)
            }
        try shell(router, "ip link del \(name) 2>/dev/null || true")
        try ip(router, "link add \(name) type veth peer name \(peer) netns \(namespacePath(place))")
        try ip(place, "link set \(peer) up")
        try ip(router, "link set \(name) up")
        try ip(router, "addr add 10.0.\(number).1/24 dev \(name)")
        try ip(router, "addr add 2001:db8:\(number)::1/64 dev \(name) nodad")
        let last = number == 0 ? 9 : 2
        try ip(place, "addr add 10.0.\(number).\(last)/24 dev \(peer)")
        try ip(place, "addr add 2001:db8:\(number)::\(last)/64 dev \(peer) nodad")
        try ip(place, "route add default via 10.0.\(number).1")
        try ip(place, "-6 route add default via 2001:db8:\(number)::1")
        guard number > 0 else { return }
        try shell(
            place,
            "ip addr add 198.51.100.1/32 dev lo 2>/dev/null; ip addr add 2001:db8:ff::1/128 dev lo 2>/dev/null; true"
        )
    }

    func ip(_ place: NetworkNamespaceThread, _ words: String) throws {
        try run(beside: place, "/bin/sh", "-c", "ip \(words)")
    }

    @discardableResult
    func shell(_ place: NetworkNamespaceThread, _ text: String) throws -> String {
        try run(beside: place, "/bin/bash", "-c", text)
    }

    /// Runs `sluice` in the router's namespace.
    @discardableResult
    func sluice(_ words: String..., mayFail: Bool = false) throws -> String {
        try run(
            beside: router,
            "/bin/sh",
            "-c",
            "'\(try builtProgram("sluice"))' \(words.joined(separator: " "))",
            mayFail: mayFail
        )
    }

    func apply(_ text: String, mayFail: Bool = false) throws -> String {
        let path = folder.appending(path: "sluice.conf").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try sluice("apply", path, mayFail: mayFail)
    }

    /// Where a UDP packet from the host to a port arrives.
    func fate(_ port: Int, _ destination: String = "198.51.100.1") throws -> String {
        for place in [host, first, second] {
            try run(beside: place, "/usr/sbin/nft", "flush set inet seen ports; reset counters table inet seen")
        }
        for _ in 0..<8 {
            // What was refused makes the next `echo` fail. The kernel tells a host so once a second, after a few times.
            try shell(
                host,
                "exec 3>/dev/udp/\(destination)/\(port); echo x >&3; sleep 0.03; echo x >&3; sleep 0.15; true"
            )
            for (name, place) in [("isp1", first), ("isp2", second)] {
                let seen = try run(beside: place, "/usr/sbin/nft", "list", "set", "inet", "seen", "ports")
                if seen.contains("elements") { return name }
            }
            let refusals = try run(beside: host, "/usr/sbin/nft", "list", "counter", "inet", "seen", "unreachable")
            if !refusals.contains("packets 0 ") { return "refused" }
        }
        return "nowhere"
    }
}

private let configuration = """
    interfaces {
        lan { unit 0 { family inet { filter { input F; } address 10.0.0.1/24; }
            family inet6 { filter { input F6; } address 2001:db8:0::1/64; } } }
        isp1 { unit 0 { family inet { address 10.0.1.1/24; } family inet6 { address 2001:db8:1::1/64; } } }
        isp2 { unit 0 { family inet { address 10.0.2.1/24; } family inet6 { address 2001:db8:2::1/64; } } }
    }
    routing-options { interface-routes { rib-group inet FBF; } rib-groups { FBF { import-rib [ inet.0 ISP2.inet.0 ]; } } }
    routing-instances {
        ISP2 { instance-type forwarding; routing-options {
            static { route 0.0.0.0/0 next-hop 10.0.2.2; route 203.0.113.0/24 discard; route 203.0.113.128/25 reject; }
            rib ISP2.inet6.0 { static { route ::/0 next-hop 2001:db8:2::2; } } } }
        V { instance-type virtual-router; interface isp2.0; }
    }
    firewall {
        family inet { filter F {
            term instance { from { destination-port 1001; } then { count instance; routing-instance ISP2; } }
            term ip { from { destination-port 1002; } then { count ip; next-ip 10.0.2.2/32; } }
            term interface { from { destination-port 1003; } then { count interface; next-interface isp2.0; } }
            term through { from { destination-port 1004; } then { next-interface isp2.0 next term; } }
            term virtual { from { destination-port 1005; } then { next-ip 10.0.2.2 routing-instance V; } }
            term gone { from { destination-port 1006; } then { next-ip 192.0.2.77; } }
            term echo { from { protocol icmp; icmp-type echo-request; } then routing-instance ISP2; }
            term dropped { from { destination-port 1007; } then { count dropped; discard; } }
            term rest { then { count rest; accept; } }
        } }
        family inet6 { filter F6 {
            term instance { from { destination-port 1001; } then { routing-instance ISP2; } }
            term ip { from { destination-port 1002; } then { next-ip6 2001:db8:2::2; } }
            term interface { from { destination-port 1003; } then { next-interface isp2.0; } }
            term rest { then accept; }
        } }
    }
    """

@Suite(.serialized, .timeLimit(.minutes(5))) struct `Filter-based forwarding` {
    @Test func `packets go the way that their term chooses, or nowhere`() throws {
        let bench = try UplinkBench()
        _ = try bench.apply(configuration)
        // No route but the default one leads to that address: what a device rejects too.
        let rows: [(port: Int, destination: String, fate: String)] = [
            (1000, "198.51.100.1", "isp1"), (1001, "198.51.100.1", "isp2"), (1002, "198.51.100.1", "isp2"),
            (1003, "10.0.2.2", "isp2"), (1004, "10.0.2.2", "isp2"), (1005, "198.51.100.1", "isp2"),
            (1006, "198.51.100.1", "refused"), (1001, "203.0.113.5", "nowhere"), (1001, "203.0.113.200", "refused"),
            // A subnet that the rib-group brought along.
            (1001, "10.0.1.2", "isp1"),
            (1000, "2001:db8:ff::1", "isp1"), (1001, "2001:db8:ff::1", "isp2"), (1002, "2001:db8:ff::1", "isp2"),
        ]
        for row in rows { #expect(try bench.fate(row.port, row.destination) == row.fate, "\(row)") }
        // Its own answers leave by its own routes, though they carry the mark of what they answer.
        let traced = try bench.shell(bench.host, "ping -n -c 1 -W 2 -t 1 198.51.100.1 || true")
        #expect(traced.contains("From 10.0.0.1") && traced.contains("Time to live exceeded"), "\(traced)")

        // The uplink goes: nothing falls back to the first one.
        try bench.ip(bench.router, "link set isp2 down")
        let warned = try bench.apply(configuration)
        #expect(warned.contains("'routing-instance ISP2': the route to 0.0.0.0/0 cannot be installed now"), "\(warned)")
        for (port, fate) in [(1000, "isp1"), (1001, "refused"), (1002, "refused"), (1003, "nowhere")] {
            #expect(try bench.fate(port) == fate, "\(port) with the uplink down")
        }
        // Somebody takes a whole table away: still nothing falls back.
        try bench.shell(
            bench.router,
            "for t in 20001 20002 20003 20004 20005 20006; do ip route flush table $t; done; true"
        )
        #expect(try bench.fate(1001) == "refused")

        // The link comes back as a new device; the program knows it by its name.
        try bench.connect("isp2")
        _ = try bench.apply(configuration)
        #expect(try bench.fate(1001) == "isp2")
        try bench.connect("lan")
        #expect(try bench.fate(1001) == "isp2")
        #expect(try bench.fate(1007) == "nowhere")
        #expect(try bench.fate(1000) == "isp1")

        // A later configuration without the actions keeps nothing; `remove` neither.
        let plain = configuration.replacing("routing-instance ISP2;", with: "accept;")
        _ = try bench.apply(plain)
        #expect(try bench.fate(1001) == "isp1")
        try bench.sluice("remove")
        let left = try bench.shell(
            bench.router,
            "ip rule; ip -6 rule; ip route show table all; ip -6 route show table all"
        )
        #expect(!left.contains("proto 214") && !left.contains("table 2000"), "\(left)")
    }

    @Test func `a rule of somebody else in our range is left alone and refuses the commit`() throws {
        let bench = try UplinkBench()
        try bench.ip(bench.router, "rule add pref 20100 fwmark 0x5 table 99")
        let said = try bench.apply(configuration, mayFail: true)
        #expect(said.contains("the policy rule 20100 of family inet is somebody else's"), "\(said)")
        let rules = try bench.shell(bench.router, "ip rule; nft list ruleset")
        #expect(rules.contains("20100") && !rules.contains("proto 214") && !rules.contains("sluice"), "\(rules)")
    }
}
