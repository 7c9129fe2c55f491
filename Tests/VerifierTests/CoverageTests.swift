// SPDX-License-Identifier: Apache-2.0
// What chosen packets meet: every counter of the program, at every interface, and they are the same each time.
import JunosModel
import NetworkTypes
import NftablesIR
import ReferenceEvaluator
import Testing
import Verifier

@Suite struct CoverageTests {
    /// Why no chosen packet charges a counter; nil if one should.
    private func excuse(_ name: String, _ sample: String, _ configuration: JunosConfiguration) -> String? {
        if name.hasPrefix("policer/") { return "buckets are never exceeded (choosePackets says why)" }
        if name.contains("_5f_5fimplicit-discard") { return "many filters end in a term that takes everything" }
        if name == "flow/related" { return "only sessions older than the program have no owner" }
        if name == "flow/untracked", !["dual-stack-flow"].contains(sample) { return "needs IPv6 in flow mode" }
        if name == "flow/mode-inet6" { return "no interface carries IPv6" }
        if name == "flow/no-zone", ["dual-stack-flow", "inet6-packet-based"].contains(sample) {
            return "every interface has a zone"
        }
        let parts = name.split(separator: "/").map(String.init)
        if sample == "policing" {
            if parts[2].hasPrefix("hosts-") { return "one packet chooses one member of an array" }
            if parts[2] == "yellow" || parts[2] == "expedited" { return "only packets beyond a bucket come there" }
        }
        if parts.last == "routing-engine", let family = FilterFamily(rawValue: parts[0]),
            let term = configuration.filters[FilterName(family, parts[1])]?.terms.first(where: {
                $0.then.count == parts[2]
            })
        {
            switch term.then.outcome {
            case .discard, .reject: return "the first pass takes the packet"
            default: break
            }
        }
        return known[name]
    }

    private let known = [
        "inet6/outside6/frags6/eth0.0/i/routing-engine": "the router's datagrams are whole in flow mode",
        "inet/outer/group-three/eth2.7/i": "the interface is in another group",
        "inet/outer/group-three/eth2.7/i/routing-engine": "the interface is in another group",
        "inet/edge-in/high/eth0.0/i": "chosen packets do not empty a bucket of 90 MB",
        "inet/edge-in/high/eth0.10/i": "the policer of that unit drops and marks nothing",
        "inet/link-out/yellow/eth0.10/o": "chosen packets do not empty a bucket of 50,000 packets",
        "inet/link-out/yellow/eth1.0/o": "chosen packets do not empty a bucket of 50,000 packets",
    ]

    @Test(arguments: Sample.names) func `chosen packets charge every counter of the program`(name: String) throws {
        let sample = try Sample(name)
        var path = ProgramPath(sample.table, configuration: sample.configuration)
        for vector in choosePackets(sample.configuration, seed: 7) { _ = try path.run(vector) }
        let charged = path.counters
        let missed = sample.table.objects.keys.filter { $0.kind == .counter }.map(\.name)
            .filter { charged[$0] == nil && excuse($0, name, sample.configuration) == nil }.sorted()
        #expect(missed.isEmpty, "\(name): \(missed)")
    }

    @Test func `the same seed chooses the same packets and times rise`() throws {
        let configuration = try Sample("plain-router").configuration
        let first = choosePackets(configuration, seed: 3)
        #expect(first == choosePackets(configuration, seed: 3))
        #expect(first != choosePackets(configuration, seed: 4))
        #expect(Set(first.map(\.id)).count == first.count)
        #expect(zip(first, first.dropFirst()).allSatisfy { $0.time < $1.time })
    }

    @Test func `the beginning of a run already reaches every term`() throws {
        let sample = try Sample("plain-router")
        let vectors = choosePackets(sample.configuration, seed: 7)
        var path = ProgramPath(sample.table, configuration: sample.configuration)
        for vector in vectors.prefix(vectors.count / 5) { _ = try path.run(vector) }
        let counters = path.counters.keys.filter { $0.hasPrefix("inet/edge-in/") && $0.hasSuffix("/eth0.0/i") }
        // Twelve terms and the implicit discard.
        #expect(counters.count == 13, "\(counters.sorted())")
    }

    @Test func `a filter of five hundred terms needs a few thousand packets`() throws {
        let terms = (0..<500).map { index in
            """
            term t\(index) { from { source-address 10.\(index / 250).\(index % 250).0/24; protocol tcp; \
            destination-port \(1000 + index); } then { count c\(index); accept; } }
            """
        }
        let sample = try Sample(
            "large",
            """
            interfaces { eth0 { unit 0 { family inet { filter { input big; } address 192.0.2.1/24; } } }
                eth1 { unit 0 { family inet { address 198.51.100.1/24; } } } }
            firewall { family inet { filter big { \(terms.joined(separator: "\n")) } } }
            """
        )
        let vectors = choosePackets(sample.configuration, seed: 1)
        #expect((1500...10000).contains(vectors.count), "\(vectors.count)")
        var path = ProgramPath(sample.table, configuration: sample.configuration)
        for vector in vectors { _ = try path.run(vector) }
        let missed = (0..<500).filter { path.counters["inet/big/c\($0)/eth0.0/i"] == nil }
        #expect(missed.isEmpty, "\(missed)")
    }

    @Test func `policed packets stay below half of the bucket`() throws {
        let sample = try Sample(
            "policed",
            """
            interfaces { eth0 { unit 0 { family inet { filter { input f; } address 192.0.2.1/24; } } }
                eth1 { unit 0 { family inet { filter { input f; } address 198.51.100.1/24; } } } }
            firewall {
                policer p { if-exceeding { bandwidth-limit 32k; burst-size-limit 15k; } then discard; }
                family inet { filter f { term t { from { protocol udp; } then { policer p; count c; accept; } }
                    term rest { then accept; } } }
            }
            """
        )
        var verification = Verification(sample.configuration, table: sample.table)
        var octets = 0
        for vector in choosePackets(sample.configuration, seed: 5) {
            let prediction = try verification.predict(vector)
            #expect(prediction.answer.policers.isEmpty)
            if !prediction.answer.counters.isEmpty { octets += vector.packet.bytes.count }
        }
        #expect(octets > 0)
        #expect(octets <= 7500, "\(octets)")
    }
}
