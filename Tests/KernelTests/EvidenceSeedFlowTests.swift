// SPDX-License-Identifier: Apache-2.0
// The seed "Security Flow", step by step and mode by mode: model and real kernel against the text.
import Engine
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import Testing

/// `eth1` in zone trust, `eth2` in zone untrust; UDP 53 and TCP 80 may go from one to the other.
private func firewall(
    policies: String = """
    from-zone trust to-zone untrust { policy web {
        match { source-address any; destination-address any; application [ junos-http junos-dns-udp ]; }
        then { permit; count; } } }
    """,
    mode: String = "",
    filters: String = "",
    eth1: String = "",
    eth2: String = ""
) -> String {
    """
    interfaces {
        eth1 { unit 0 { family inet { \(eth1) address 10.1.0.1/24; } } }
        eth2 { unit 0 { family inet { \(eth2) address 10.2.0.1/24; } } }
    }
    firewall { \(filters) }
    security {
        \(mode)
        zones {
            security-zone trust { interfaces { eth1.0; } }
            security-zone untrust { interfaces { eth2.0; } }
        }
        policies { \(policies) }
    }
    """
}

private let web = ["policy/trust/untrust/web": UInt64(1)]
private let deniedByDefault = ["policy/all-zone/all-zone/default-policy": UInt64(1)]

/// A packet of the flow to a service, or back from it.
private func packet(_ name: String, _ port: Int, back: Bool = false, client: Int = 4000, _ more: String = "") -> String
{
    let (source, destination) = back ? ("10.2.0.9", "10.1.0.9") : ("10.1.0.9", "10.2.0.9")
    let (from, to) = back ? (port, client) : (client, port)
    return "{\"in\":\"\(back ? "eth2" : "eth1")\",\"out\":\"\(back ? "eth1" : "eth2")\",\"protocol\":\"\(name)\","
        + "\"source\":\"\(source)\",\"destination\":\"\(destination)\",\"source-port\":\(from),"
        + "\"destination-port\":\(to)\(more.isEmpty ? "" : ",\(more)")}"
}

private func segment(_ flags: String, port: Int = 80, back: Bool = false, _ more: String = "") -> String {
    let names = flags.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ",")
    return packet("tcp", port, back: back, "\"tcp-flags\":[\(names)]\(more)")
}

@Suite(.timeLimit(.minutes(5))) struct `Flow seed, the six steps` {
    @Test func `step 1: addresses, protocol and ports determine how to process the packet`() throws {
        let policies = """
            from-zone trust to-zone untrust { policy one {
                match { source-address net; destination-address host; application dns; } then { permit; count; } } }
            """
        let text =
            firewall(policies: policies) + """
                applications { application dns { protocol udp; source-port 4000; destination-port 53; } }
                security { address-book { global { address net 10.1.0.0/28; address host 10.2.0.9/32; } } }
                """
        func udp(_ source: String, _ destination: String, _ from: Int, _ to: Int) -> String {
            "{\"in\":\"eth1\",\"out\":\"eth2\",\"protocol\":\"udp\",\"source\":\"\(source)\",\"destination\":"
                + "\"\(destination)\",\"source-port\":\(from),\"destination-port\":\(to)}"
        }
        let denied = { (line: String) in Expected(line, .discard, uncalled: deniedByDefault) }
        try expectRouter(
            text,
            [
                Expected(
                    udp("10.1.0.9", "10.2.0.9", 4000, 53),
                    .accept,
                    ["policy/trust/untrust/one": 1],
                    session: .create
                ),
                denied(udp("10.1.0.16", "10.2.0.9", 4000, 53)),
                denied(udp("10.1.0.9", "10.2.0.10", 4000, 53)),
                denied(udp("10.1.0.9", "10.2.0.9", 4001, 53)),
                denied(udp("10.1.0.9", "10.2.0.9", 4000, 54)),
                denied(segment("syn", port: 53)),
            ]
        )
    }

    @Test func `step 2: if the flow is found, the state table is what processes the packet`() throws {
        try expectRouter(
            firewall(),
            [
                Expected(segment("syn"), .accept, web, session: .create),
                Expected(segment("syn ack", back: true), .accept, session: .match),
                Expected(segment("ack"), .accept, session: .match),
                Expected(segment("ack psh", ",\"payload-length\":100"), .accept, session: .match),
                Expected(segment("ack", back: true), .accept, session: .match),
            ]
        )
    }

    @Test func `step 3: if the flow is not found, a new entry is created with the policy that belongs to it`() throws {
        let text = firewall()
        try expectRouter(
            text,
            [
                Expected(packet("udp", 53), .accept, web, session: .create),
                Expected(packet("udp", 53, client: 4001), .accept, web, session: .create),
                Expected(packet("udp", 53, back: true), .accept, session: .match),
            ]
        )
        // The entry is there to be seen, one for each flow; a denied packet leaves none.
        let compiled = try compiled(text)
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table)
        let lines = [packet("udp", 53), packet("udp", 53, client: 4001), packet("udp", 53), packet("udp", 99)]
        var sessions: [Int] = []
        for vector in try readPacketVectors(lines.joined(separator: "\n"), file: "test") {
            _ = try sandbox.inject(injection(vector))
            sessions.append(try sandbox.sessions())
        }
        #expect(sessions == [1, 2, 2, 2])
    }

    @Test func `step 4: a packet that matches a policy passes, one that matches none is denied`() throws {
        let policies = """
            from-zone trust to-zone untrust {
                policy no-smtp { match { source-address any; destination-address any; application junos-smtp; }
                    then { deny; count; } }
                policy tcp { match { source-address any; destination-address any; application junos-tcp-any; }
                    then { permit; count; } }
            }
            """
        try expectRouter(
            firewall(policies: policies),
            [
                Expected(
                    segment("syn", port: 25),
                    .discard,
                    ["policy/trust/untrust/no-smtp": 1],
                    decidedBy: "security policies from-zone trust to-zone untrust policy no-smtp"
                ),
                Expected(segment("syn", port: 26), .accept, ["policy/trust/untrust/tcp": 1], session: .create),
                Expected(
                    packet("udp", 26),
                    .discard,
                    uncalled: deniedByDefault,
                    decidedBy: "security policies default-policy"
                ),
                Expected(
                    packet("udp", 53, back: true),
                    .discard,
                    uncalled: deniedByDefault,
                    decidedBy: "security policies default-policy"
                ),
            ]
        )
    }

    @Test func `step 5: an allowed packet goes out the interface that is connected to the destination network`() throws
    {
        let compiled = try compiled(firewall())
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table)
        // No way out is given: the connected networks say it.
        let line = packet("udp", 53).replacing("\"out\":\"eth2\",", with: "")
        let vector = try #require(try readPacketVectors(line, file: "test").first)
        #expect(vector.outputInterface == nil)
        var model = ReferenceEvaluator(compiled.configuration)
        #expect(try model.evaluate(vector).verdict == .accept)
        let seen = try sandbox.inject(injection(vector))
        #expect(seen.emitted.map(\.device) == ["eth2"])
        #expect(seen.emitted.first?.packet.header.destinationAddress == IPAddress("10.2.0.9"))
        try expectRouter(firewall(), [Expected(line, .accept, web, session: .create)])
    }

    @Test func `step 6: a denied packet is discarded and not sent to the destination`() throws {
        let compiled = try compiled(firewall())
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table)
        let vector = try #require(try readPacketVectors(packet("udp", 99), file: "test").first)
        let seen = try sandbox.inject(injection(vector))
        #expect(seen.emitted.isEmpty && seen.emittedAnswers.isEmpty && seen.droppingChain == "transit")
        try expectRouter(firewall(), [Expected(packet("udp", 99), .discard, uncalled: deniedByDefault)])
    }
}

@Suite(.timeLimit(.minutes(5))) struct `Flow seed, modes` {
    @Test func `flow mode processes traffic by the state of its session`() throws {
        try expectRouter(
            firewall(),
            [
                // The same packet, before and after its session is there.
                Expected(packet("udp", 53, back: true), .discard, uncalled: deniedByDefault),
                Expected(packet("udp", 53), .accept, web, session: .create),
                Expected(packet("udp", 53, back: true), .accept, session: .match),
            ]
        )
    }

    @Test func `packet mode maintains no state table and examines each packet individually`() throws {
        let text = firewall(
            policies: "",
            mode: "forwarding-options { family { inet { mode packet-based; } } }",
            filters: """
                family inet { filter F { term a { from { protocol udp; port 53; } then { count a; accept; } }
                    term b { then { count b; discard; } } } }
                """,
            eth1: "filter { input F; }",
            eth2: "filter { input F; }"
        )
        let back = Expected(packet("udp", 53, back: true), .accept, ["inet/F/a/eth2.0/i": 1])
        try expectRouter(
            text,
            [
                back,
                Expected(packet("udp", 53), .accept, ["inet/F/a/eth1.0/i": 1]),
                back,
                Expected(packet("udp", 99), .discard, ["inet/F/b/eth1.0/i": 1]),
                // In the middle of a conversation that nobody saw begin: no state, no question.
                Expected(segment("ack", port: 80), .discard, ["inet/F/b/eth1.0/i": 1]),
            ]
        )
        let compiled = try compiled(text)
        let sandbox = try makeSandbox(of: compiled.configuration)
        defer { sandbox.stop() }
        try sandbox.load(compiled.table)
        for vector in try readPacketVectors(packet("udp", 53), file: "test") {
            #expect(verdict(try sandbox.inject(injection(vector))) == .accept)
        }
        #expect(try sandbox.sessions() == 0)
    }

    @Test func `a combination: flow mode for what policies match, packet mode for what a filter selects`() throws {
        let text = firewall(
            filters: """
                family inet { filter F { term bulk { from { protocol udp; port 7777; } then { count bulk; packet-mode; accept; } }
                    term rest { then { count rest; accept; } } } }
                """,
            eth1: "filter { input F; }",
            eth2: "filter { input F; }"
        )
        let rest = ["inet/F/rest/eth1.0/i": UInt64(1)]
        try expectRouter(
            text,
            [
                // No policy permits port 7777: it is never asked, in neither direction, and no session begins.
                Expected(packet("udp", 7777), .accept, ["inet/F/bulk/eth1.0/i": 1]),
                Expected(packet("udp", 7777, back: true), .accept, ["inet/F/bulk/eth2.0/i": 1]),
                Expected(packet("udp", 53), .accept, rest.merging(web) { $0 + $1 }, session: .create),
                Expected(packet("udp", 53, back: true), .accept, ["inet/F/rest/eth2.0/i": 1], session: .match),
                Expected(packet("udp", 99), .discard, rest, uncalled: deniedByDefault),
            ]
        )
    }
}
