// SPDX-License-Identifier: Apache-2.0
// The sentences of the seed "How Standard Firewall Filters Evaluate Packets", one test each.
import JunosModel
import NetworkTypes
import ReferenceEvaluator
import Testing

private let udp = "udp 192.0.2.1:1000 > 198.51.100.1:2000"
private let tcp = "tcp 192.0.2.1:1000 > 198.51.100.1:2000"

@Suite struct `The filter seed` {
    @Test func `evaluates terms sequentially, beginning with the first`() throws {
        var model = filterEvaluator("term a { then accept; } term b { then discard; }")
        #expect(try model.filter(udp).decidedBy == "firewall family inet filter F term a")
    }

    @Test func `performs all the actions of a term whose conditions all match`() throws {
        var model = filterEvaluator(
            "term a { from { protocol udp; ttl 64; } then { count c; log; loss-priority high; forwarding-class network-control; } }"
        )
        let answer = try model.filter(udp)
        #expect(answer.counters == ["inet:F/c": 1] && answer.logs.count == 1)
        #expect(answer.lossPriority == .high && answer.forwardingClass == "network-control")
    }

    @Test func `proceeds to the next term where not all conditions match, and performs none of the actions`() throws {
        var model = filterEvaluator(
            "term a { from { protocol udp; ttl 1; } then { count c; discard; } } term b { then accept; }"
        )
        let answer = try model.filter(udp)
        #expect(answer.verdict == .accept && answer.counters.isEmpty)
    }

    @Test func `implicitly discards what matches no term`() throws {
        var model = filterEvaluator("term a { from { protocol tcp; } then accept; }")
        let answer = try model.filter(udp)
        #expect(answer.verdict == .discard && answer.decidedBy == "firewall family inet filter F implicit-discard")
    }

    @Test func `continues at the next term where the action says so`() throws {
        var model = filterEvaluator(
            "term a { from { protocol udp; } then { count c; next term; } } term b { from { protocol udp; } then { count d; discard; } }"
        )
        #expect(try model.filter(udp).counters == ["inet:F/c": 1, "inet:F/d": 1])
    }

    @Test func `stops at a matching term without next term`() throws {
        var model = filterEvaluator(
            "term a { from { protocol udp; } then count c; } term b { then { count d; discard; } }"
        )
        let answer = try model.filter(udp)
        #expect(answer.verdict == .accept && answer.counters == ["inet:F/c": 1])
    }

    @Test func `a term without conditions matches all packets`() throws {
        var model = filterEvaluator("term a { then discard; }")
        #expect(try model.filter(udp).verdict == .discard)
        #expect(try model.filter(tcp).verdict == .discard)
    }

    @Test func `a term without actions accepts`() throws {
        var model = filterEvaluator("term a { from { protocol udp; } }")
        #expect(try model.filter(udp).verdict == .accept)
        #expect(try model.filter(tcp).verdict == .discard)
    }

    @Test func `an explicit last accept changes what the end does`() throws {
        var model = filterEvaluator(
            "term a { from { protocol udp; } then discard; } term t_allow_all_else { then accept; }"
        )
        #expect(try model.filter(tcp).decidedBy == "firewall family inet filter F term t_allow_all_else")
    }

    @Test func `an explicit last reject answers what nothing accepted`() throws {
        var model = filterEvaluator(
            "term a { from { protocol udp; } then accept; } term t_deny_all_else { then { reject; } }"
        )
        let answer = try model.filter(tcp)
        #expect(answer.verdict == .reject && answer.rejectWith == "administratively-prohibited")
    }
}

@Suite struct `Boundaries` {
    /// A condition, the values just inside and just outside, and how a packet carries a value.
    @Test(arguments: [
        ("destination-port 1024-2047;", "udp 192.0.2.1 > 198.51.100.1:V", [1024, 2047], [1023, 2048, 0, 65535]),
        ("source-port 0;", "udp 192.0.2.1:V > 198.51.100.1", [0], [1, 65535]),
        ("destination-port-except 65535;", "udp 192.0.2.1 > 198.51.100.1:V", [0, 65534], [65535]),
        ("packet-length 100-200;", "udp 192.0.2.1 > 198.51.100.1 len=V", [100, 200], [99, 201]),
        ("packet-length-except 100-200;", "udp 192.0.2.1 > 198.51.100.1 len=V", [99, 201], [100, 200]),
        ("ttl 2-254;", "udp 192.0.2.1 > 198.51.100.1 ttl=V", [2, 254], [0, 1, 255]),
        ("dscp [ 0 63 ];", "udp 192.0.2.1 > 198.51.100.1 dscp=V", [0, 63], [1, 62]),
        ("precedence 5;", "udp 192.0.2.1 > 198.51.100.1 dscp=V", [40, 47], [39, 48]),
        ("fragment-offset 1-8191;", "udp 192.0.2.1 > 198.51.100.1 payload=8 off=V", [1, 8189], [0]),
        ("protocol 0-1;", "V 192.0.2.1 > 198.51.100.1", [0, 1], [2, 255]),
        ("icmp-type 8;", "icmp 192.0.2.1 > 198.51.100.1 type=V", [8], [7, 9, 0, 255]),
        ("icmp-code 3-5;", "icmp 192.0.2.1 > 198.51.100.1 type=3 code=V", [3, 5], [2, 6]),
        ("source-address { 10.1.2.0/23; }", "udp 10.1.V.0 > 198.51.100.1", [2, 3], [1, 4]),
        ("destination-address { 10.1.2.8/29; }", "udp 192.0.2.1 > 10.1.2.V", [8, 15], [7, 16]),
    ])
    func `first and last match, one outside does not`(condition: String, line: String, inside: [Int], outside: [Int])
        throws
    {
        var model = filterEvaluator("term a { from { \(condition) } then accept; }")
        for value in inside {
            #expect(try model.filter(line.replacing("V", with: "\(value)")).verdict == .accept, "\(value)")
        }
        for value in outside {
            #expect(try model.filter(line.replacing("V", with: "\(value)")).verdict == .discard, "\(value)")
        }
    }

    @Test(arguments: [
        ("destination-port 80;", 23), ("destination-port-except 90;", 23), ("source-port-except 1;", 21),
        ("tcp-established;", 33), ("tcp-flags \"!syn\";", 33), ("icmp-type 0;", 20), ("icmp-type-except 5;", 20),
        ("icmp-code-except 5;", 21),
    ])
    func `what is cut off matches nothing, not even -except`(condition: String, length: Int) throws {
        var model = filterEvaluator("term a { from { \(condition) } then accept; }")
        #expect(try model.filter("tcp 192.0.2.1 > 198.51.100.1:81 flags=A len=\(length)").verdict == .discard)
        #expect(try model.filter("tcp 192.0.2.1:0 > 198.51.100.1:80 flags=A len=40").verdict == .accept)
    }

    @Test func `inet6 transport conditions are false on later fragments, except ones too`() throws {
        for condition in ["destination-port 80;", "destination-port-except 80;"] {
            var model = filterEvaluator("term a { from { \(condition) } then accept; }", family: "inet6")
            let line = "udp 2001:db8::1 > 2001:db8::2:0 off=10".replacing("::2:0", with: "::2")
            #expect(try model.filter(line, family: .inet6).verdict == .discard)
        }
    }

    @Test func `extension headers are found wherever they stand in the chain`() throws {
        var model = filterEvaluator(
            "term a { from { extension-header destination; } then accept; } term b { from { extension-header any; } then count any; }",
            family: "inet6"
        )
        #expect(try model.filter("tcp 2001:db8::1 > 2001:db8::2 headers=003c", family: .inet6).counters.isEmpty)
        #expect(
            try model.filter("tcp 2001:db8::1 > 2001:db8::2 headers=00", family: .inet6).counters == ["inet6:F/any": 1]
        )
        #expect(
            try model.filter("ah 2001:db8::1 > 2001:db8::2 payload=8", family: .inet6).counters == ["inet6:F/any": 1]
        )
        #expect(try model.filter("tcp 2001:db8::1 > 2001:db8::2", family: .inet6).verdict == .discard)
    }
}

@Suite struct `Policer buckets` {
    private func model(_ rate: String) -> ReferenceEvaluator {
        filterEvaluator("term t { then { policer p; accept; } }", firewall: "policer p { \(rate) then discard; }")
    }

    private func passed(_ model: inout ReferenceEvaluator, _ count: Int, length: Int, at time: Double) throws -> Int {
        var passed = 0
        for _ in 0..<count
        where try model.filter("udp 192.0.2.1 > 198.51.100.1 len=\(length)", time: time).verdict == .accept {
            passed += 1
        }
        return passed
    }

    @Test func `with a burst of a second or more count bytes exactly`() throws {
        // 1000 bytes a second, burst 15,000 bytes.
        var model = model("if-exceeding { bandwidth-limit 8k; burst-size-limit 15k; }")
        #expect(try passed(&model, 200, length: 100, at: 0) == 150)
        #expect(try passed(&model, 200, length: 100, at: 1) == 10)
        #expect(try passed(&model, 200, length: 100, at: 3.55) == 25)
        #expect(try passed(&model, 200, length: 100, at: 1000) == 150)
    }

    @Test func `with a smaller burst count quanta of a fifteenth of the MTU`() throws {
        // 125,000 bytes a second, burst 15,000 bytes: 150 quanta of 100 bytes, 1250 a second.
        var model = model("if-exceeding { bandwidth-limit 1m; burst-size-limit 15k; }")
        #expect(try passed(&model, 100, length: 1000, at: 0) == 15)
        // A packet of 101 octets takes two quanta.
        #expect(try passed(&model, 100, length: 101, at: 0.008) == 5)
        #expect(try passed(&model, 1000, length: 100, at: 10) == 150)
    }

    @Test func `by packets count packets`() throws {
        var model = model("if-exceeding-pps { pps-limit 10; packet-burst 5; }")
        #expect(try passed(&model, 20, length: 1500, at: 0) == 5)
        #expect(try passed(&model, 20, length: 28, at: 0.25) == 2)
    }

    @Test func `re-mark what exceeds where they do not discard`() throws {
        var model = filterEvaluator(
            "term t { then { policer p; accept; } }",
            firewall: "policer p { if-exceeding { bandwidth-limit 8k; burst-size-limit 1500; } "
                + "then { loss-priority high; forwarding-class network-control; } }"
        )
        #expect(try model.filter("udp 192.0.2.1 > 198.51.100.1 len=1000").lossPriority == .low)
        let over = try model.filter("udp 192.0.2.1 > 198.51.100.1 len=1000")
        #expect(over.verdict == .accept && over.lossPriority == .high && over.forwardingClass == "network-control")
        #expect(over.policers == ["inet:F/p-t": 1])
    }
}
