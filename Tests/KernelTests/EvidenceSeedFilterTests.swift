// SPDX-License-Identifier: Apache-2.0
// "How Standard Firewall Filters Evaluate Packets", sentence by sentence: model and real kernel against the text.
import Engine
import ReferenceEvaluator
import Testing

/// Two interfaces of a plain router; filters at will.
private func router(_ firewall: String, eth1: String = "input F;", eth2: String = "", any: String = "") -> String {
    """
    interfaces {
        eth1 { unit 0 { \(any) family inet { filter { \(eth1) } address 10.1.0.1/24; } } }
        eth2 { unit 0 { family inet { filter { \(eth2) } address 10.2.0.1/24; } } }
    }
    firewall { \(firewall) }
    """
}

private func filter(_ terms: String) -> String { "family inet { filter F { \(terms) } }" }

private func count(_ names: String...) -> [String: UInt64] {
    names.reduce(into: [:]) { $0["inet/F/\($1)/eth1.0/i", default: 0] += 1 }
}

private let implicit: [String: UInt64] = ["inet/F/_5f_5fimplicit-discard/eth1.0/i": 1]

@Suite(.timeLimit(.minutes(5))) struct `Filter seed, evaluation overview` {
    @Test func `the device evaluates terms sequentially, beginning with the first`() throws {
        try expectRouter(
            router(
                filter(
                    """
                    term first { from { destination-port 1000-1999; } then { count first; accept; } }
                    term second { from { destination-port 1500-2500; } then { count second; discard; } }
                    term third { then { count third; accept; } }
                    """
                )
            ),
            [
                Expected(vector("udp", port: 1000), .accept, count("first")),
                Expected(vector("udp", port: 1500), .accept, count("first")),
                Expected(vector("udp", port: 2000), .discard, count("second")),
                Expected(vector("udp", port: 2501), .accept, count("third")),
            ]
        )
    }

    @Test func `if the packet matches all the conditions, the device performs all the actions of that term`() throws {
        let path = "firewall family inet filter F term"
        try expectRouter(
            router(
                filter(
                    """
                    term all { from { protocol udp; destination-port 53; ttl 64; }
                        then { count c; forwarding-class assured-forwarding; loss-priority high; next term; } }
                    term both { from { forwarding-class assured-forwarding; loss-priority high; } then { count d; accept; } }
                    term none { from { forwarding-class best-effort; loss-priority low; } then { count e; discard; } }
                    """
                )
            ),
            [
                Expected(vector("udp", port: 53), .accept, count("c", "d"), decidedBy: "\(path) both"),
                Expected(vector("udp", port: 54), .discard, count("e"), decidedBy: "\(path) none"),
            ]
        )
    }

    @Test func `if the packet does not match all the conditions, the device proceeds to the next term`() throws {
        try expectRouter(
            router(
                filter(
                    """
                    term a { from { protocol tcp; destination-port 80; ttl 64; } then { count a; discard; } }
                    term b { then { count b; accept; } }
                    """
                )
            ),
            [
                Expected(vector("tcp", port: 80), .discard, count("a")),
                Expected(vector("tcp", port: 81), .accept, count("b")),
                Expected(vector("udp", port: 80), .accept, count("b")),
                Expected(vector("tcp", port: 80, "\"ttl\":63"), .accept, count("b")),
            ]
        )
    }

    @Test func `if the packet does not match any term, the device implicitly discards the packet`() throws {
        try expectRouter(
            router(filter("term a { from { protocol tcp; } then { count a; accept; } }")),
            [
                Expected(vector("tcp"), .accept, count("a")),
                Expected(
                    vector("udp"),
                    .discard,
                    uncalled: implicit,
                    decidedBy: "firewall family inet filter F implicit-discard"
                ),
            ]
        )
    }

    @Test func `if the matched term includes next term, the device continues at the next term`() throws {
        try expectRouter(
            router(
                filter(
                    """
                    term a { from { protocol udp; } then { count a; next term; } }
                    term b { from { destination-port 1000; } then { count b; next term; } }
                    term c { from { protocol udp; } then { count c; discard; } }
                    term d { then { count d; accept; } }
                    """
                )
            ),
            [
                Expected(vector("udp", port: 1000), .discard, count("a", "b", "c")),
                Expected(vector("udp", port: 1001), .discard, count("a", "c")),
                Expected(vector("tcp", port: 1000), .accept, count("b", "d")),
            ]
        )
    }

    @Test func `if the matched term does not include next term, no subsequent term is evaluated`() throws {
        try expectRouter(
            router(
                filter(
                    """
                    term a { from { protocol udp; } then count a; }
                    term b { then { count b; discard; } }
                    """
                )
            ),
            [Expected(vector("udp"), .accept, count("a")), Expected(vector("tcp"), .discard, count("b"))]
        )
    }

    @Test func `evaluation stops where the packet fails to match the last term`() throws {
        try expectRouter(
            router(
                filter(
                    """
                    term a { from { protocol udp; } then { count a; next term; } }
                    term b { from { destination-port 2000; } then { count b; accept; } }
                    """
                )
            ),
            [
                Expected(vector("udp", port: 2000), .accept, count("a", "b")),
                Expected(vector("udp", port: 2001), .discard, count("a"), uncalled: implicit),
                Expected(vector("tcp", port: 2000), .accept, count("b")),
                Expected(vector("tcp", port: 2001), .discard, uncalled: implicit),
            ]
        )
    }

    @Test func `next term cannot appear as the last term's action`() {
        let text = router(filter("term a { from { protocol udp; } then { count a; next term; } }"))
        let compiled = compileConfiguration([ConfigurationSource(name: "test.conf", text: text)])
        #expect(!compiled.isValid)
        #expect(
            errors(compiled).contains { $0.contains("next term") && $0.contains("last term") },
            "\(errors(compiled))"
        )
    }

    /// A filter with so many `next term`, each of which looks at a port of its own.
    private func long(_ number: Int) -> String {
        let terms = (0..<number).map { "term t\($0) { from { destination-port \(20000 + $0); } then { next term; } }" }
        return router(
            filter(terms.joined(separator: "\n") + "term z { from { protocol udp; } then { count z; accept; } }")
        )
    }

    @Test func `a maximum of 1024 next term actions are supported`() throws {
        try expectRouter(
            long(1024),
            [
                Expected(vector("udp", port: 20000), .accept, count("z")),
                Expected(vector("udp", port: 21023), .accept, count("z")),
                Expected(vector("tcp", port: 21023), .discard, uncalled: implicit),
            ]
        )
    }

    @Test func `a filter that exceeds 1024 next term actions results in a commit error`() {
        let compiled = compileConfiguration([ConfigurationSource(name: "test.conf", text: long(1025))])
        #expect(!compiled.isValid)
        #expect(errors(compiled).contains { $0.contains("1025") && $0.contains("1024") }, "\(errors(compiled))")
    }
}

@Suite(.timeLimit(.minutes(5))) struct `Filter seed, local packets` {
    private static let text = router(
        filter(
            """
            term seen { from { forwarding-class expedited-forwarding; } then { count seen; discard; } }
            term unseen { from { destination-port 1000; } then { count unseen; forwarding-class expedited-forwarding; accept; } }
            term rest { then { count rest; accept; } }
            """
        )
    )

    @Test func `a local packet is evaluated twice, the second time with the updated forwarding class`() throws {
        try expectRouter(
            Self.text,
            [
                Expected(
                    vector("udp", port: 1000, out: "local"),
                    .discard,
                    ["inet/F/unseen/eth1.0/i": 1, "inet/F/seen/eth1.0/i/routing-engine": 1],
                    decidedBy: "firewall family inet filter F term seen"
                ),
                Expected(
                    vector("udp", port: 1001, out: "local"),
                    .accept,
                    ["inet/F/rest/eth1.0/i": 1, "inet/F/rest/eth1.0/i/routing-engine": 1]
                ),
            ]
        )
    }

    @Test func `a forwarded packet is evaluated once`() throws {
        try expectRouter(
            Self.text,
            [
                Expected(vector("udp", port: 1000), .accept, count("unseen")),
                Expected(vector("udp", port: 1001), .accept, count("rest")),
            ]
        )
    }

    @Test func `a loss priority that the first evaluation modifies is what the second sees`() throws {
        try expectRouter(
            router(
                filter(
                    """
                    term seen { from { loss-priority high; } then { count seen; discard; } }
                    term rest { then { count rest; loss-priority high; accept; } }
                    """
                )
            ),
            [
                Expected(
                    vector("udp", out: "local"),
                    .discard,
                    ["inet/F/rest/eth1.0/i": 1, "inet/F/seen/eth1.0/i/routing-engine": 1]
                ),
                Expected(vector("udp"), .accept, count("rest")),
            ]
        )
    }
}

@Suite(.timeLimit(.minutes(5))) struct `Filter seed, table 1` {
    @Test func `a term without match conditions matches all packets by default`() throws {
        try expectRouter(
            router(filter("term a { then { count a; discard; } } term b { then { count b; accept; } }")),
            ["udp", "tcp", "icmp", "esp"].map { Expected(vector($0), .discard, count("a")) }
        )
    }

    @Test func `a term without match conditions that says next term continues`() throws {
        try expectRouter(
            router(
                filter(
                    "term a { then { count a; next term; } } term b { from { protocol udp; } then { count b; accept; } }"
                )
            ),
            [
                Expected(vector("udp"), .accept, count("a", "b")),
                Expected(vector("tcp"), .discard, count("a"), uncalled: implicit),
            ]
        )
    }

    @Test func `a matching term that does not specify any actions implicitly accepts`() throws {
        try expectRouter(
            router(filter("term a { from { protocol udp; } } term b { then { count b; discard; } }")),
            [Expected(vector("udp"), .accept), Expected(vector("tcp"), .discard, count("b"))]
        )
    }

    @Test func `the device does not perform the actions of a term whose conditions do not all match`() throws {
        try expectRouter(
            router(
                filter(
                    """
                    term a { from { protocol udp; destination-port 1000; }
                        then { count a; forwarding-class network-control; next term; } }
                    term b { from { forwarding-class network-control; } then { count b; discard; } }
                    term c { then { count c; accept; } }
                    """
                )
            ),
            [
                Expected(vector("udp", port: 1001), .accept, count("c")),
                Expected(vector("udp", port: 1000), .discard, count("a", "b")),
            ]
        )
    }

    @Test func `the implicit discard is equivalent to a final term t_explicit_discard`() throws {
        let head = "term a { from { protocol udp; } then { count a; accept; } }"
        let explicit = " term t_explicit_discard { then discard; }"
        for text in [head, head + explicit] {
            try expectRouter(
                router(filter(text)),
                [
                    Expected(vector("udp"), .accept, count("a")),
                    Expected(vector("tcp"), .discard, uncalled: text == head ? implicit : [:]),
                ]
            )
        }
    }

    @Test func `a final t_allow_all_else accepts any traffic that is not specifically discarded`() throws {
        try expectRouter(
            router(filter("term a { from { protocol udp; } then discard; } term t_allow_all_else { then accept; }")),
            [
                Expected(vector("udp"), .discard),
                Expected(
                    vector("tcp"),
                    .accept,
                    decidedBy: "firewall family inet filter F term t_allow_all_else"
                ),
            ]
        )
    }

    @Test func `a final t_deny_all_else rejects any traffic that is not specifically accepted`() throws {
        try expectRouter(
            router(filter("term a { from { protocol udp; } then accept; } term t_deny_all_else { then { reject; } }")),
            [Expected(vector("udp"), .accept), Expected(vector("tcp"), .reject)]
        )
    }
}
