// SPDX-License-Identifier: Apache-2.0
// One packet of a run: what arrives where and when (DESIGN §6).

/// A packet vector.
public struct PacketVector: Hashable, Sendable {
    /// `local`: the router itself, as the way in or out.
    public static let local = "local"

    /// What the answer is called.
    public var id: String
    /// Seconds since the run's beginning; never less than the vector before.
    public var time: Double
    /// The logical interface it arrives on, with its unit; `local` for what the router sends; nil where not given.
    public var inputInterface: String?
    /// The logical interface it leaves by, with its unit; `local` for the router itself; nil: by destination.
    public var outputInterface: String?
    /// `from-zone`, for a policy look-up alone.
    public var fromZone: String?
    /// `to-zone`, for a policy look-up alone.
    public var toZone: String?
    /// The packet.
    public var packet: Packet
    /// Whether the TCP sequence number was left open, so that the session decides it.
    public var leavesSequenceOpen: Bool
    /// Whether the TCP acknowledgment number was left open, so that the session decides it.
    public var leavesAcknowledgmentOpen: Bool

    /// A time of a run in whole nanoseconds, the nearest: what clocks of every voice show then, so that none is a
    /// nanosecond ahead where a bucket fills.
    ///
    /// - Parameter seconds: taken as 0 below, and as 1e10 above that.
    public static func nanoseconds(_ seconds: Double) -> UInt64 {
        UInt64((min(max(0, seconds), 1e10) * 1e9).rounded())
    }

    /// Makes a vector.
    public init(
        id: String,
        time: Double = 0,
        inputInterface: String? = nil,
        outputInterface: String? = nil,
        fromZone: String? = nil,
        toZone: String? = nil,
        packet: Packet,
        leavesSequenceOpen: Bool = false,
        leavesAcknowledgmentOpen: Bool = false
    ) {
        self.id = id
        self.time = time
        self.inputInterface = inputInterface
        self.outputInterface = outputInterface
        self.fromZone = fromZone
        self.toZone = toZone
        self.packet = packet
        self.leavesSequenceOpen = leavesSequenceOpen
        self.leavesAcknowledgmentOpen = leavesAcknowledgmentOpen
    }
}
