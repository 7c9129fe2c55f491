// SPDX-License-Identifier: Apache-2.0
// Trains of packets through policers, with what a person computes for each packet: for the model, the program and the
// kernel (filters reference §4.3 to §4.5, DESIGN §3.13).

public import NetworkTypes

/// Packets of one length that arrive at one instant.
public struct PolicedBurst: Sendable {
    /// Milliseconds since the first packet.
    public let time: Double
    /// How many.
    public let count: Int
    /// IP length of each.
    public let length: Int
    /// UDP source port; terms look at it.
    public let port: Int
    /// Last octet of the source address.
    public let host: Int
    /// The logical interface it arrives at.
    public let input: String
    /// Its IP version.
    public let version: AddressFamily
    /// Each packet's fate: G green or untouched, Y yellow, R red but passed on, D dropped.
    public let fates: String

    /// Makes a burst of as many packets as there are fates.
    public init(
        _ time: Double,
        _ length: Int,
        _ fates: String,
        port: Int = 1,
        host: Int = 9,
        input: String = "eth1.0",
        version: AddressFamily = .inet
    ) {
        self.time = time
        self.length = length
        self.fates = fates
        self.input = input
        self.version = version
        self.port = port
        self.host = host
        count = fates.utf8.count
    }
}

extension PolicedBurst {
    /// The packet that each of the burst is, on its way to `eth2`.
    ///
    /// - Parameter time: seconds since the run's beginning; nil for the burst's own time.
    public func vector(at time: Double? = nil) throws -> PacketVector {
        let (network, destination): (UInt128, UInt128) =
            version == .inet
            ? (0x0a01_0000, 0x0a02_0009)
            : (0x2001_0db8_0001_0000 << 64, 0x2001_0db8_0002_0000 << 64 + 9)
        var fields = PacketFields(
            17,
            from: IPAddress(version, network + UInt128(host)),
            to: IPAddress(version, destination),
            sourcePort: UInt16(port),
            destinationPort: 80
        )
        fields.length = length
        return PacketVector(
            id: "\(self.time) ms",
            time: time ?? self.time / 1000,
            inputInterface: input,
            outputInterface: "eth2.0",
            packet: try fields.build()
        )
    }

    /// How fates are called: by loss priority if the packet passes.
    public static func fate(isDropped: Bool, lossPriority: UInt8) -> Character {
        isDropped ? "D" : ["G", "Y", "Y", "R"][Int(lossPriority & 3)]
    }
}

/// A configuration's policers and terms, and bursts through them.
public struct PolicerTrain: Sendable, CustomStringConvertible {
    /// What it shows.
    public let name: String
    /// Statements of `firewall`.
    public let firewall: String
    /// Statements of the filter `F`, family inet, input of `eth1`.
    public let filter: String
    /// In order of time.
    public let bursts: [PolicedBurst]
    /// Exceeding packets at the end, by the names of rows: `POLICER-TERM` of the filter at `eth1`, or whole keys of answers.
    public let exceeded: [String: UInt64]

    /// Its name.
    public var description: String { name }

    /// The whole configuration; packets go from `eth1` to `eth2`.
    public var configuration: String {
        let filters = filter.isEmpty ? inet : "\(inet) filter F { \(filter) }"
        return "interfaces { \(interfaces) } firewall { \(firewall) family inet { \(filters) } }"
    }

    private let inet: String
    private let interfaces: String
    private let owner: String

    /// Exceeding packets by the keys of answers, `FAMILY:FILTER/ROW-IFL-i`.
    public var exceededKeys: [String: UInt64] {
        exceeded.reduce(into: [:]) { result, row in
            result[row.key.contains(":") ? row.key : "inet:\(owner)/\(row.key)-eth1.0-i"] = row.value
        }
    }

    /// Makes a train.
    public init(
        _ name: String,
        _ firewall: String,
        inet: String = "",
        attachment: String = "input F;",
        interfaces: String? = nil,
        filter: String = "term t { then { policer p; accept; } }",
        _ bursts: [PolicedBurst],
        exceeded: [String: UInt64]
    ) {
        self.name = name
        self.firewall = firewall
        self.inet = inet
        owner = attachment.hasPrefix("input-list") ? "eth1.0-i" : "F"
        self.interfaces =
            interfaces ?? """
                eth1 { unit 0 { family inet { filter { \(attachment) } address 10.1.0.1/24; } } }
                eth2 { unit 0 { family inet { address 10.2.0.1/24; } } }
                """
        self.filter = filter
        self.bursts = bursts
        self.exceeded = exceeded
    }
}

/// `policer p` that drops.
private func policer(_ limit: String, _ burst: String, then: String = "discard", _ more: String = "") -> String {
    "policer p { \(more) if-exceeding { bandwidth-limit \(limit); burst-size-limit \(burst); } then { \(then); } }"
}

/// Terms that colour packets by their source port, and one that polices: 2 yellow, 3 red.
private func colored(_ kind: String) -> String {
    """
    term yellow { from { source-port 2; } then { loss-priority medium-low; next term; } }
    term red { from { source-port 3; } then { loss-priority high; next term; } }
    term t { then { three-color-policer { \(kind) T; } accept; } }
    """
}

private func terms(_ kind: String) -> String {
    "term t { then { three-color-policer { \(kind) T; } accept; } }"
}

/// Hand-computed trains.
///
/// Times leave the edges of buckets by some milliseconds, so that a real kernel decides like the arithmetic.
public let policerTrains = arithmeticTrains + bucketTrains + threeColorTrains + interfaceTrains

/// How a bucket fills and drains.
private let arithmeticTrains: [PolicerTrain] = [
    PolicerTrain(
        "T51: bytes, burst at least a second of rate",
        policer("8k", "1500"),
        // 1500 bytes, 1000 bytes a second.
        [
            PolicedBurst(0, 1000, "GD"), PolicedBurst(0, 490, "G"), PolicedBurst(0, 100, "D"),
            PolicedBurst(150, 100, "GD"), PolicedBurst(280, 100, "G"),
        ],
        exceeded: ["p-t": 3]
    ),
    PolicerTrain(
        "packets",
        "policer p { if-exceeding-pps { pps-limit 10; packet-burst 3; } then discard; }",
        [
            PolicedBurst(0, 1400, "GGG"), PolicedBurst(0, 28, "DD"), PolicedBurst(150, 28, "GD"),
            PolicedBurst(330, 1000, "GGD"),
        ],
        exceeded: ["p-t": 4]
    ),
    PolicerTrain(
        "quanta of 100 bytes: the burst, then the rate",
        policer("80k", "3k"),
        // 3000 bytes, 10 a millisecond; 1000 bytes come back in 100 ms.
        [
            PolicedBurst(0, 1000, "GGGD"), PolicedBurst(50, 1000, "D"), PolicedBurst(120, 1000, "GD"),
            PolicedBurst(180, 1000, "D"),
            PolicedBurst(230, 1000, "GD"),
        ],
        exceeded: ["p-t": 5]
    ),
    PolicerTrain(
        "quanta: packets of different lengths share the burst",
        policer("80k", "3k"),
        [
            PolicedBurst(0, 1000, "G"), PolicedBurst(0, 1500, "G"), PolicedBurst(0, 600, "D"),
            PolicedBurst(75, 600, "G"),
        ],
        exceeded: ["p-t": 1]
    ),
    PolicerTrain(
        "quanta: a packet longer than the burst never conforms",
        policer("80k", "1200"),
        [PolicedBurst(0, 1201, "D"), PolicedBurst(0, 1200, "G"), PolicedBurst(200, 1201, "D")],
        exceeded: ["p-t": 2]
    ),
    PolicerTrain(
        "steady load of twice the rate: every second packet",
        policer("800k", "1500"),
        // 100 bytes a millisecond, 1000 bytes in 10 ms; a packet each 5.5 ms.
        (0..<16).map { PolicedBurst(Double($0) * 5.5, 1000, $0.isMultiple(of: 2) ? "G" : "D") },
        exceeded: ["p-t": 8]
    ),
]

/// What a policer does with what exceeds, and who shares a bucket.
private let bucketTrains: [PolicerTrain] = [
    PolicerTrain(
        "loss priority and forwarding class are seen by later terms",
        policer("8k", "1500", then: "loss-priority high; forwarding-class network-control"),
        filter: """
            term t { then { policer p; next term; } }
            term nc { from { forwarding-class network-control; loss-priority high; } then { count nc; next term; } }
            term last { from { loss-priority high; source-port 2; } then discard; }
            term rest { then accept; }
            """,
        [PolicedBurst(0, 1000, "GR"), PolicedBurst(0, 1000, "D", port: 2), PolicedBurst(0, 300, "G", port: 2)],
        exceeded: ["p-t": 2]
    ),
    PolicerTrain(
        "T55: what exceeds is dropped in a term with next term",
        policer("8k", "1500"),
        filter: """
            term a { from { source-port 1; } then { policer p; next term; } }
            term b { from { source-port 1; } then { loss-priority high; accept; } }
            term c { then accept; }
            """,
        [PolicedBurst(0, 1000, "RD"), PolicedBurst(0, 1000, "G", port: 2)],
        exceeded: ["p-a": 1]
    ),
    PolicerTrain(
        "T52: a bucket a term",
        policer("8k", "1500"),
        filter: "term t1 { from { source-port 1; } then policer p; } term t2 { then policer p; }",
        [PolicedBurst(0, 1000, "G"), PolicedBurst(0, 1000, "GD", port: 2), PolicedBurst(0, 1000, "D")],
        exceeded: ["p-t1": 1, "p-t2": 1]
    ),
    PolicerTrain(
        "T53: filter-specific: a bucket for all terms",
        policer("8k", "1500", "filter-specific;"),
        filter: "term t1 { from { source-port 1; } then policer p; } term t2 { then policer p; }",
        [PolicedBurst(0, 1000, "G"), PolicedBurst(0, 1000, "D", port: 2)],
        exceeded: ["p": 1]
    ),
]

/// Three colours.
private let threeColorTrains: [PolicerTrain] = [
    PolicerTrain(
        "two rates, colour-blind",
        """
        three-color-policer T { two-rate { color-blind; committed-information-rate 8k; committed-burst-size 1500;
            peak-information-rate 16k; peak-burst-size 3000; } }
        """,
        filter: terms("two-rate"),
        // Peak 3000 bytes and 2 a millisecond, committed 1500 and 1.
        [PolicedBurst(0, 990, "GYYR"), PolicedBurst(520, 990, "GR"), PolicedBurst(1060, 990, "YR")],
        exceeded: ["T-t": 3]
    ),
    PolicerTrain(
        "two rates, colour-aware: yellow skips the committed bucket, red is not charged",
        """
        three-color-policer T { action { loss-priority high { then discard; } } two-rate { color-aware;
            committed-information-rate 8k; committed-burst-size 1500; peak-information-rate 16k; peak-burst-size 3000; } }
        """,
        filter: colored("two-rate"),
        [
            PolicedBurst(0, 990, "DD", port: 3), PolicedBurst(0, 990, "Y", port: 2), PolicedBurst(0, 990, "GY"),
            PolicedBurst(0, 990, "D", port: 2),
            PolicedBurst(0, 990, "D"),
        ],
        exceeded: ["T-t": 4]
    ),
    PolicerTrain(
        "two rates in quanta",
        """
        three-color-policer T { action { loss-priority high { then discard; } } two-rate { color-blind;
            committed-information-rate 80k; committed-burst-size 1500; peak-information-rate 160k; peak-burst-size 3000; } }
        """,
        filter: terms("two-rate"),
        // Peak 3000 bytes and 20 a millisecond, committed 1500 and 10.
        [PolicedBurst(0, 1000, "GYYD"), PolicedBurst(30, 1000, "D"), PolicedBurst(120, 1000, "GYD")],
        exceeded: ["T-t": 3]
    ),
    PolicerTrain(
        "a single rate, colour-blind: both bursts together are the outer bucket",
        """
        three-color-policer T { single-rate { color-blind; committed-information-rate 8k; committed-burst-size 1500;
            excess-burst-size 1500; } }
        """,
        filter: terms("single-rate"),
        [
            PolicedBurst(0, 700, "GGYYR"), PolicedBurst(0, 190, "Y"), PolicedBurst(720, 700, "G"),
            PolicedBurst(720, 700, "R"),
        ],
        exceeded: ["T-t": 2]
    ),
    PolicerTrain(
        "a single rate in packets",
        """
        three-color-policer T { filter-specific; single-packet-rate { color-blind; committed-pps 10;
            committed-packet-burst 2; excess-packet-burst 1; } }
        """,
        filter: terms("single-packet-rate"),
        [PolicedBurst(0, 100, "GGYR"), PolicedBurst(150, 1500, "GR")],
        exceeded: ["T": 2]
    ),
    PolicerTrain(
        "two rates in packets",
        """
        three-color-policer T { action { loss-priority high { then discard; } } two-packet-rate { color-blind;
            committed-pps 10; committed-packet-burst 1; peak-pps 20; peak-packet-burst 2; } }
        """,
        filter: terms("two-packet-rate"),
        [PolicedBurst(0, 100, "GYD"), PolicedBurst(70, 100, "YD"), PolicedBurst(200, 100, "GYD")],
        exceeded: ["T-t": 3]
    ),
    PolicerTrain(
        "a prefix action: a bucket for each host of a /30",
        "policer p { if-exceeding-pps { pps-limit 10; packet-burst 2; } then discard; }",
        inet: "prefix-action A { policer p; count; subnet-prefix-length 30; source-prefix-length 32; }",
        filter: "term t { then { prefix-action A; accept; } }",
        [
            PolicedBurst(0, 100, "GGD", host: 9), PolicedBurst(0, 100, "GGD", host: 10),
            PolicedBurst(0, 100, "D", host: 13),
            PolicedBurst(0, 100, "G", host: 8), PolicedBurst(150, 100, "GD", host: 9),
        ],
        exceeded: ["A-t-1": 3, "A-t-2": 1]
    ),
    PolicerTrain(
        "a prefix action of one filter's terms, in quanta, that marks",
        policer("80k", "1500", then: "loss-priority high"),
        inet:
            "prefix-action A { policer p; filter-specific; subnet-prefix-length 24; source-prefix-length 28; }",
        filter: """
            term a { from { source-port 2; } then prefix-action A; }
            term b { then { prefix-action A; accept; } }
            """,
        [
            PolicedBurst(0, 1000, "GR", host: 9), PolicedBurst(0, 1000, "R", port: 2, host: 15),
            PolicedBurst(0, 1000, "GR", port: 2, host: 20),
            PolicedBurst(120, 1000, "G", port: 2, host: 9), PolicedBurst(120, 1000, "R", host: 10),
        ],
        exceeded: ["A-0": 3, "A-1": 1]
    ),
    PolicerTrain(
        "terms of one name in a list have buckets of their own",
        policer("8k", "1500"),
        inet: "filter G { term t { then policer p; } }",
        attachment: "input-list [ F G ];",
        filter: "term t { from { source-port 1; } then policer p; }",
        [PolicedBurst(0, 1000, "G"), PolicedBurst(0, 1000, "GD", port: 2), PolicedBurst(0, 1000, "D")],
        exceeded: ["p-t": 2]
    ),
    PolicerTrain(
        "terms of one name in a nested filter have buckets of their own",
        policer("8k", "1500"),
        inet: "filter G { term t { from { source-port 1; } then policer p; } }",
        filter: "term n { filter G; } term t { then policer p; }",
        [PolicedBurst(0, 1000, "G"), PolicedBurst(0, 1000, "GD", port: 2), PolicedBurst(0, 1000, "D")],
        exceeded: ["p-t": 2]
    ),
    PolicerTrain(
        "names that run together are one row of two buckets",
        "policer a-b { if-exceeding-pps { pps-limit 5; packet-burst 1; } then discard; } "
            + "policer a { if-exceeding-pps { pps-limit 5; packet-burst 3; } then loss-priority high; }",
        filter: "term c { from { source-port 1; } then policer a-b; } term b-c { then policer a; }",
        [PolicedBurst(0, 100, "GD"), PolicedBurst(0, 100, "GGGR", port: 2)],
        exceeded: ["a-b-c": 2]
    ),
]
