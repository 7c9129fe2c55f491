// SPDX-License-Identifier: Apache-2.0
// What a sandbox sees is what the kernel does: one packet, one known program, one fate.
import Laboratory
import NetworkTypes
import NftablesIR
import Testing

/// One packet and its fate.
struct VerdictCase: Sendable, CustomTestStringConvertible {
    enum Way: Sendable { case forwarded, delivered, routerSent }
    let family: AddressFamily
    let way: Way
    let port: UInt16
    var isTCP = false
    let verdict: Observation.Verdict
    let last: String
    var testDescription: String { "\(family) \(way) \(isTCP ? "tcp" : "udp") \(port)" }

    static let all: [VerdictCase] = AddressFamily.allCases.flatMap { family in
        let (icmp, codes): (UInt8, (UInt8, UInt8)) = family == .inet ? (3, (1, 3)) : (1, (1, 3))
        let rejected = Observation.Verdict.reject(.icmp(type: icmp, code: codes.0))
        let rejectedAtInput = Observation.Verdict.reject(.icmp(type: icmp, code: codes.1))
        let table: [(Way, UInt16, Bool, Observation.Verdict, String)] = [
            (.forwarded, 80, false, .accept, "behind-output-filters"),
            (.forwarded, 80, true, .accept, "behind-output-filters"),
            (.forwarded, 1001, false, .discard, "before-input-filters"),
            (.forwarded, 1002, false, rejected, "before-input-filters"),
            (.forwarded, 1003, true, .reject(.tcpReset), "before-input-filters"),
            (.forwarded, 1201, false, .discard, "before-transit"),
            (.forwarded, 1202, false, rejected, "before-transit"),
            (.forwarded, 1203, true, .reject(.tcpReset), "before-transit"),
            (.forwarded, 1401, false, .discard, "before-output-filters"),
            (.forwarded, 1101, false, .accept, "behind-output-filters"),
            (.delivered, 80, false, .accept, "delivered"),
            (.delivered, 80, true, .accept, "delivered"),
            (.delivered, 1101, false, .discard, "before-to-routing-engine"),
            (.delivered, 1102, false, rejectedAtInput, "before-to-routing-engine"),
            (.delivered, 1103, true, .reject(.tcpReset), "before-to-routing-engine"),
            (.delivered, 1201, false, .accept, "delivered"),
            (.routerSent, 80, false, .accept, "behind-output-filters"),
            (.routerSent, 1001, true, .accept, "behind-output-filters"),
            (.routerSent, 1301, false, .discard, "before-from-routing-engine"),
            (.routerSent, 1302, false, rejected, "before-from-routing-engine"),
            (.routerSent, 1303, true, .reject(.tcpReset), "before-from-routing-engine"),
            (.routerSent, 1401, true, .discard, "before-output-filters"),
        ]
        return table.map {
            VerdictCase(family: family, way: $0.0, port: $0.1, isTCP: $0.2, verdict: $0.3, last: $0.4)
        }
    }

    func injection() throws -> Injection {
        let hosts = Hosts(family: family)
        switch way {
        case .forwarded:
            let packet = isTCP ? try hosts.tcp(port) : try hosts.udp(port)
            return Injection(packet, from: .device("eth1"), to: .device("eth2"))
        case .delivered:
            let packet = isTCP ? try hosts.tcp(port, to: hosts.router) : try hosts.udp(port, to: hosts.router)
            return Injection(packet, from: .device("eth1"), to: .local)
        case .routerSent:
            let number = isTCP ? ProtocolNumber.tcp : ProtocolNumber.udp
            var fields = PacketFields(number, from: hosts.router, to: hosts.server, destinationPort: port)
            fields.identification = 7
            return Injection(try fields.build(), from: .router, to: .device("eth2"))
        }
    }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct LaboratoryVerdictTests {
    @Test(arguments: VerdictCase.all)
    func `a packet has the fate that the program gives it`(row: VerdictCase) throws {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(gate)
        let injection = try row.injection()
        let seen = try sandbox.inject([injection], readsCounters: true)[0]
        #expect(seen.verdict == row.verdict)
        #expect(seen.lastObserver == row.last)
        #expect(!seen.isLostByStack)
        #expect(seen.isDeliveredLocally == (row.last == "delivered"))
        switch row.verdict {
        case .accept where row.last != "delivered":
            #expect(seen.emitted.map(\.device) == ["eth2"])
            let expected = row.way == .routerSent ? injection.packet : lessOneHop(injection.packet)
            #expect(seen.emitted.first?.packet == expected)
            #expect(seen.droppingChain == nil)
        case .accept: #expect(seen.emitted.isEmpty && seen.emittedAnswers.isEmpty && seen.answer == nil)
        case .discard: #expect(seen.emitted.isEmpty && seen.emittedAnswers.isEmpty && seen.droppingChain != nil)
        case .reject:
            #expect(seen.emitted.isEmpty)
            #expect(seen.emittedAnswers.map(\.device) == (row.way == .routerSent ? [] : ["eth1"]))
            #expect(seen.answerPassages.contains { $0.observer == "behind-output-filters" })
        }
        if let chain = seen.droppingChain {
            let name = row.verdict == .discard ? "\(chain)-dropped" : chain
            #expect(seen.counters?[name]?.packets ?? 0 >= 1)
        }
    }

    /// The packet as a router sends it on.
    private func lessOneHop(_ packet: Packet) -> Packet {
        var bytes = packet.bytes
        guard packet.family == .inet else {
            bytes[7] -= 1
            return Packet(family: .inet6, bytes: bytes)
        }
        bytes[8] -= 1
        bytes[10] = 0
        bytes[11] = 0
        let sum = internetChecksum(bytes[..<20])
        bytes[10] = UInt8(sum >> 8)
        bytes[11] = UInt8(truncatingIfNeeded: sum)
        return Packet(family: .inet, bytes: bytes)
    }
}

@Suite(.timeLimit(.minutes(1))) struct `Packets of which only the fate is asked` {
    @Test(arguments: [true, false]) func `come out as those that are observed`(isObserved: Bool) throws {
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        defer { sandbox.stop() }
        try sandbox.load(gate, isObserved: isObserved)
        let fates = try sandbox.pass(try VerdictCase.all.map { try $0.injection() }).map(\.fate)
        for (known, fate) in zip(VerdictCase.all, fates) {
            switch (known.verdict, fate) {
            case (.accept, .left): #expect(known.way != .delivered)
            case (.accept, .delivered): #expect(known.way == .delivered)
            case (.discard, .vanished): break
            case (.reject(let answer), .answered(let seen)): #expect(answer == seen)
            // What the router refuses to itself does not leave by a device.
            case (.reject, .vanished): #expect(known.way == .routerSent)
            default: Issue.record("\(known.testDescription): \(known.verdict), but \(fate)")
            }
        }
        guard !isObserved else { return }
        #expect(throws: LaboratoryError.self) { try sandbox.inject(try VerdictCase.all[0].injection()) }
    }
}
