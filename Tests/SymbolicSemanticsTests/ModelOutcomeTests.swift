// SPDX-License-Identifier: Apache-2.0
// What lifted terms do: names of counters and buckets, limits, marks, second passes, receiving interfaces.
import DecisionDiagrams
import JunosModel
import NetworkTypes
import SymbolicSemantics
import Testing

@Suite struct ModelOutcomeTests {
    private static func lift(
        _ text: String,
        _ interface: String = "eth0.0",
        _ direction: FilterDirection = .input,
        _ family: FilterFamily = .inet,
        _ version: AddressFamily = .inet,
        _ pass: FilterPass = .packetForwardingEngine,
        _ semantics: inout Semantics
    ) throws -> LiftedFilter {
        let place = FilterPlace(
            interface: interface,
            direction: direction,
            family: family,
            version: version,
            pass: pass
        )
        return try #require(ModelLifting(try model(text)).lift(place, into: &semantics))
    }

    /// The outcomes of an entry, in the order of their numbers.
    private static func outcomes(_ diagram: Diagram, _ semantics: Semantics) -> [StageOutcome] {
        semantics.store.terminals(diagram).compactMap { semantics.outcome($0) }
    }

    private static let filter = """
        firewall {
            policer p { if-exceeding { bandwidth-limit 8m; burst-size-limit 1500; } then discard; }
            policer q { filter-specific; if-exceeding-pps { pps-limit 5; packet-burst 10; } then loss-priority high; }
            family inet {
                filter "my filter_1" {
                    term a { from { protocol tcp; } then { policer p; count "c 1"; log; next term; } }
                    term b { from { protocol udp; } then { policer q; next term; } }
                    term c { from { ttl 5; } then { policer q; loss-priority medium-low; dscp 10; reject tcp-reset; } }
                }
                filter other { term z { then { count z; accept; } } }
            }
        }
        """

    @Test func `counters, buckets and limits have the kernel's names`() throws {
        var semantics = Semantics()
        let text =
            Self.filter + "interfaces { ge-0/0/0 { mtu 1514; apply-macro linux { device e; }"
            + "unit 0 { family inet { filter { input \"my filter_1\"; } } } } }"
        let lifted = try Self.lift(text, "ge-0/0/0.0", .input, .inet, .inet, .packetForwardingEngine, &semantics)
        let place = "ge-0_2f0_2f0.0/i"
        let first = Self.outcomes(lifted.list.entries[0].outcome, semantics)
        let counted = ["inet/my_20filter_5f1/c_201/\(place)": 1]
        let logged = [lifted.list.entries[0].origin: 1]
        #expect(
            Set(first) == [
                StageOutcome(.proceed, counters: counted, logs: logged),
                StageOutcome(
                    .drop,
                    counters: counted.merging(["policer/inet/my_20filter_5f1/p-a/\(place)": 1]) { $1 },
                    logs: logged
                ),
            ]
        )
        #expect(lifted.list.entries[0].origin == "firewall family inet filter \"my filter_1\" term a")
        let implicit = StageOutcome(.drop, counters: ["inet/my_20filter_5f1/_5f_5fimplicit-discard/\(place)": 1])
        #expect(Self.outcomes(lifted.list.otherwise, semantics) == [implicit])
        let shared = "limit/inet_2fmy_20filter_5f1"
        #expect(Set(lifted.limits.keys) == ["\(shared)/p-a", "\(shared)/q"])
        let names = lifted.list.entries.flatMap { semantics.store.variables($0.outcome) }
            .compactMap { semantics.name(of: $0) }
        #expect(names.contains("exceeded \(shared)/p-a 0 14"))
        #expect(names.contains("exceeded \(shared)/q 0 0") && names.contains("exceeded \(shared)/q 1 0"))
        #expect(names.count == 17)
    }

    @Test func `a list is called after its place, and its buckets are its own`() throws {
        var semantics = Semantics()
        let text =
            Self.filter + "interfaces { eth0 { unit 0 { family inet "
            + "{ filter { output-list [ \"my filter_1\" other ]; } } } } }"
        let lifted = try Self.lift(text, "eth0.0", .output, .inet, .inet, .packetForwardingEngine, &semantics)
        #expect(lifted.list.entries.count == 4)
        #expect(Set(lifted.limits.keys) == ["limit/inet/eth0.0-o/p-a/eth0.0/o", "limit/inet/eth0.0-o/q/eth0.0/o"])
        let last = Self.outcomes(lifted.list.entries[3].outcome, semantics)
        #expect(last == [StageOutcome(.accept, counters: ["inet/eth0.0-o/z/eth0.0/o": 1])])
        #expect(lifted.list.otherwiseOrigin == "firewall family inet filter other implicit-discard")
    }

    @Test func `rejects set their bit, and TCP alone is reset`() throws {
        var semantics = Semantics()
        let text = Self.filter + "interfaces { eth0 { unit 0 { family inet { filter { input \"my filter_1\"; } } } } }"
        let lifted = try Self.lift(text, "eth0.0", .input, .inet, .inet, .packetForwardingEngine, &semantics)
        let space = PacketSpace(.inet)
        func outcome(_ protocolNumber: UInt8) throws -> StageOutcome? {
            var fields = PacketFields()
            fields.protocolNumber = protocolNumber
            let values = space.assignment(of: try fields.build())
            return semantics.outcome(semantics.store.value(lifted.list.entries[2].outcome, values))
        }
        let reset = StageOutcome(
            .reject(code: nil, isReset: true),
            markMask: 0x7000_0000,
            markValue: 0x5000_0000,
            dscp: 10
        )
        var answered = reset
        answered.ending = .reject(code: 13, isReset: false)
        #expect(try outcome(6) == reset)
        #expect(try outcome(17) == answered)
    }

    @Test(arguments: [
        (true, "input", FilterPass.packetForwardingEngine, true), (false, "input", .packetForwardingEngine, false),
        (true, "output", .packetForwardingEngine, false), (true, "input", .routingEngine, false),
    ]) func `packet mode is for arriving packets of a flow router`(
        hasSecurity: Bool,
        direction: String,
        pass: FilterPass,
        isTaken: Bool
    ) throws {
        var semantics = Semantics()
        let text = """
            firewall { family inet { filter F { term t { then { packet-mode; accept; } } } } }
            interfaces { eth0 { unit 0 { family inet { filter { \(direction) F; } } } } }
            \(hasSecurity ? "security { zones { security-zone z { interfaces { eth0.0; } } } }" : "")
            """
        let way: FilterDirection = direction == "input" ? .input : .output
        let lifted = try Self.lift(text, "eth0.0", way, .inet, .inet, pass, &semantics)
        let outcome = try #require(Self.outcomes(lifted.list.entries[0].outcome, semantics).first)
        #expect(outcome.isUntracked == isTaken && outcome.markValue == (isTaken ? 0x8000_0000 : 0))
    }

    @Test(arguments: [
        ("from { ttl 5; } then { forwarding-class assured-forwarding; next term; }", "forwarding-class", true),
        ("then { dscp 5; next term; }", "dscp 5", true), ("then { dscp 5; next term; }", "loss-priority high", false),
        ("from { ttl 5; } then { count c; next term; }", "is-fragment", true),
        ("from { ttl 5; } then { count c; next term; }", "packet-length 0-50", true),
        ("from { ttl 5; } then { count c; next term; }", "protocol tcp", false),
        ("then { policer m; next term; }", "forwarding-class", true),
    ]) func `the second pass is where it can differ`(first: String, second: String, differs: Bool) throws {
        let condition = second == "forwarding-class" ? "forwarding-class best-effort" : second
        let configuration = try model(
            """
            firewall {
                policer m { if-exceeding-pps { pps-limit 5; packet-burst 1; } then forwarding-class network-control; }
                family inet { filter F { term a { \(first) } term b { from { \(condition); } then { log; policer m;
                    count d; accept; } } term c { then accept; } } }
            }
            interfaces { eth0 { unit 0 { family inet { filter { input F; } } } } lo0 { unit 0 { family inet; } } }
            """
        )
        let lifting = ModelLifting(configuration)
        let places = lifting.places(interface: "eth0.0", direction: .input, version: .inet, pass: .routingEngine)
        #expect(places.isEmpty == !differs)
        guard let place = places.first else { return }
        var semantics = Semantics()
        let lifted = try #require(lifting.lift(place, into: &semantics))
        // No bucket is asked and nothing is logged; counters have names of their own.
        #expect(lifted.limits.isEmpty)
        let counters = ["inet/F/d/eth0.0/i/routing-engine": 1]
        #expect(Self.outcomes(lifted.list.entries[1].outcome, semantics) == [StageOutcome(.accept, counters: counters)])
    }

    @Test func `the receiving interface is known at input and free at output`() throws {
        let text = """
            firewall { interface-set s { eth1.*; lost0.0; } family inet { filter F {
                term set { from { interface-set s; } then accept; }
                term group { from { interface-group 3; } then accept; }
                term others { from { interface-group-except 3; } then accept; } } } }
            interfaces {
                eth0 { unit 0 { family inet { filter { input F; output F; } } } }
                eth1 { unit 0 { family inet { filter { input F; group 3; } } } }
                lo0 { unit 0 { family inet { filter { output F; } } } }
            }
            """
        var semantics = Semantics()
        func matches(_ interface: String, _ direction: FilterDirection) throws -> [Diagram] {
            try Self.lift(text, interface, direction, .inet, .inet, .packetForwardingEngine, &semantics).list.entries
                .map(\.match)
        }
        #expect(try matches("eth0.0", .input) == [.no, .no, .yes])
        #expect(try matches("eth1.0", .input) == [.yes, .yes, .no])
        // What the router sends arrived nowhere: in no set, and in group 0.
        #expect(try matches("lo0.0", .output) == [.no, .no, .yes])
        let output = try matches("eth0.0", .output)
        let eth1 = semantics.store.variable(semantics.variable(named: "input eth1"))
        #expect(output == [eth1, eth1, semantics.store.not(eth1)])
    }

    /// Rates, and what the kernel must hold for them (DESIGN §3.13).
    @Test(
        arguments: [
            (8_000_000, 1_000_000, 1500, ExpectedLimit.Unit.octets, 1_000_000, 1, 0, 1, 0),
            (8_000_000, 5_000_000, 1500, .octets, 1_000_000, 1, 4_000_000, 1, 0),
            (8_000_000, 999_999, 1500, .packets, 10_000, 1, 9_999, 15, 100),
            (8_000_000, 15_000, 1514, .packets, 855_445_544, 86400, 148, 15, 101),
            (8_000, 500, 1500, .packets, 10, 1, 5, 15, 100),
            (8_000, 50, 9000, .packets, 100, 60, 1, 15, 600), (8_000, 500, 65535, .packets, 19_775, 86400, 1, 15, 4369),
        ] as [(UInt64, UInt64, Int, ExpectedLimit.Unit, UInt64, UInt64, UInt32, Int, UInt64)]
    )
    func `limits are those of the kernel's arithmetic`(
        bits: UInt64,
        burst: UInt64,
        mtu: Int,
        unit: ExpectedLimit.Unit,
        rate: UInt64,
        period: UInt64,
        depth: UInt32,
        thresholds: Int,
        quantum: UInt64
    ) {
        let limit = ExpectedLimit(.bandwidth(bitsPerSecond: bits, burstBytes: burst), mtu: mtu)
        #expect(limit.unit == unit && limit.rate == rate && limit.period == period && limit.burst == depth, "\(limit)")
        #expect(limit.thresholds.count == thresholds && limit.thresholds.last == quantum * UInt64(thresholds - 1))
    }

    @Test func `the fastest policer there can be has a limit`() {
        let limit = ExpectedLimit(.bandwidth(bitsPerSecond: .max, burstBytes: 100_000_000_000), mtu: 1500)
        #expect(limit.unit == .packets && limit.period == 1 && limit.rate == UInt64.max / 8 / 100)
        let packets = ExpectedLimit(.packets(perSecond: 7, burst: 0), mtu: 1500)
        #expect(packets.unit == .packets && packets.rate == 7 && packets.burst == 1 && packets.thresholds == [0])
    }
}
