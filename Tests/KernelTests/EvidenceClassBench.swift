// SPDX-License-Identifier: Apache-2.0
// Rule sets in the ClassBench format with their packet traces, as filters with a counter per term (corpus README).
import Engine
import Laboratory
import NetworkTypes
import TestSupport

/// One rule set, its trace, and which rule each packet of the trace meets first.
struct ClassBenchSet {
    /// One packet of a trace.
    struct Entry {
        /// The packet.
        var packet: Packet
        /// The number of the first rule that matches it, from 1; 0 where none does.
        var rule: Int
    }

    let name: String
    let entries: [Entry]
    /// Whether each rule accepts.
    let accepts: [Bool]

    /// Reads `classbench/NAME`.
    init(_ name: String) throws {
        self.name = name
        accepts = try corpusText("classbench/\(name).actions.gz").split(separator: "\n").map { $0 == "accept" }
        entries = try corpusText("classbench/\(name).trace.gz").split(separator: "\n").map { line in
            let numbers = line.utf8.split(separator: 9).map { Self.number($0) }
            guard numbers.count == 6 else {
                throw MissingTestData(description: "trace line '\(line)' of \(name) cannot be read")
            }
            return Entry(packet: Self.packet(numbers), rule: numbers[5])
        }
    }

    private static func number(_ digits: Substring.UTF8View.SubSequence) -> Int {
        digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    /// A packet whose first four octets behind the header are the ports, whatever its protocol: that is where both rules
    /// of this format and port conditions of family inet look (filters reference §3.1).
    private static func packet(_ numbers: [Int]) -> Packet {
        var bytes: [UInt8] = [0x45, 0, 0, 40, 0, 0, 0, 0, 64, UInt8(numbers[4]), 0, 0]
        for address in numbers[0...1] { bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: address >> $0) } }
        for port in numbers[2...3] { bytes += [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)] }
        bytes += [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0]
        // Setting the DSCP that is there fills in the header checksum.
        return Packet(family: .inet, bytes: bytes).settingDSCP(0)
    }

    /// The filter on `eth1`, input.
    func sources() throws -> [ConfigurationSource] {
        let interfaces = """
            set interfaces eth1 unit 0 family inet address 192.0.2.1/30
            set interfaces eth2 unit 0 family inet address 192.0.2.5/30
            set interfaces eth1 unit 0 family inet filter input \(name)
            """
        return [
            ConfigurationSource(name: name, text: try corpusText("classbench/\(name).junos-filter.conf.gz")),
            ConfigurationSource(name: "interfaces", text: interfaces),
        ]
    }

    /// How many packets of the trace each term counts; terms that count none are left out.
    var histogram: [String: UInt64] {
        entries.reduce(into: [:]) { sums, entry in
            if entry.rule > 0 { sums[Self.term(entry.rule), default: 0] += 1 }
        }
    }

    /// The name of a rule's term and counter.
    static func term(_ rule: Int) -> String {
        let digits = String(rule)
        return "r" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
