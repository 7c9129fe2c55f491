// SPDX-License-Identifier: Apache-2.0
// Copies of packets that terms ask for: `sample` into a capture file, `port-mirror` out of an interface (filters
// reference §4.3, §7.7).
public import NetworkTypes

/// Which of the packets that terms copy are kept: of each `rate` the first, and as many as `runLength` behind it.
public struct CopyRate: Hashable, Sendable {
    /// `rate`, from 1.
    public var rate: UInt32
    /// `run-length`, from 0.
    public var runLength: UInt32

    /// Makes a rate; without arguments every packet.
    public init(rate: UInt32 = 1, runLength: UInt32 = 0) {
        self.rate = rate
        self.runLength = runLength
    }

    /// Whether the packet of that number, counted from 0, is kept.
    public func keeps(_ number: UInt64) -> Bool { number % UInt64(max(1, rate)) <= UInt64(runLength) }
}

/// Where `sample` leaves packets: `forwarding-options packet-capture`, or the `file` of `sampling`.
public struct PacketCapture: Hashable, Sendable {
    /// `file filename`; each interface has a file of that name with its own behind it.
    public var fileName: String
    /// `files`: how many are kept, the one that grows included.
    public var files: Int
    /// `size`: octets at which a file is put aside.
    public var size: UInt64
    /// `world-readable`.
    public var isWorldReadable: Bool
    /// `maximum-capture-size`: octets that are kept of a packet.
    public var maximumLength: UInt32
    /// Which packets are kept.
    public var rate: CopyRate
    /// Where it stands.
    public var source: StatementReference

    /// Makes a capture.
    public init(
        fileName: String,
        files: Int,
        size: UInt64,
        isWorldReadable: Bool,
        maximumLength: UInt32,
        rate: CopyRate,
        source: StatementReference
    ) {
        self.fileName = fileName
        self.files = files
        self.size = size
        self.isWorldReadable = isWorldReadable
        self.maximumLength = maximumLength
        self.rate = rate
        self.source = source
    }
}

/// `forwarding-options port-mirroring`, or an instance of it.
public struct PortMirror: Hashable, Sendable {
    /// `output interface X { next-hop Y; }`.
    public struct Output: Hashable, Sendable {
        /// The logical interface that copies leave by.
        public var interface: String
        /// The neighbour they are for; nil: for all.
        public var nextHop: IPAddress?

        /// Makes an output.
        public init(interface: String, nextHop: IPAddress?) {
            self.interface = interface
            self.nextHop = nextHop
        }
    }

    /// Its name; empty for the one without.
    public var name: String
    /// `input`: which packets are kept.
    public var rate: CopyRate
    /// `maximum-packet-length`: octets that are kept of a packet; 0 keeps all.
    public var maximumLength: UInt32
    /// Where the copies of each family go.
    public var outputs: [AddressFamily: Output]
    /// Where it stands.
    public var source: StatementReference

    /// Makes an instance.
    public init(
        name: String,
        rate: CopyRate,
        maximumLength: UInt32,
        outputs: [AddressFamily: Output],
        source: StatementReference
    ) {
        self.name = name
        self.rate = rate
        self.maximumLength = maximumLength
        self.outputs = outputs
        self.source = source
    }
}
