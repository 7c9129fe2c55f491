// SPDX-License-Identifier: Apache-2.0
// A session as an operator sees it (flow reference §2.1, §9.1).
public import NetworkTypes

/// One session.
public struct FlowSession: Hashable, Sendable {
    /// One direction.
    public struct Wing: Hashable, Sendable {
        /// Who sends in this direction.
        public var source: IPAddress
        /// Its port; for ICMP queries the sequence of the first packet, 0 where it is not known (flow reference §1.2).
        public var sourcePort: UInt16
        /// Who receives.
        public var destination: IPAddress
        /// Its port; for ICMP queries the identifier.
        public var destinationPort: UInt16
        /// The logical interface by which packets of this direction arrive; nil where no route says.
        public var interface: String?
        /// What passed.
        public var traffic: TrafficCount

        /// Makes a direction.
        public init(
            source: IPAddress,
            sourcePort: UInt16,
            destination: IPAddress,
            destinationPort: UInt16,
            interface: String?,
            traffic: TrafficCount
        ) {
            self.source = source
            self.sourcePort = sourcePort
            self.destination = destination
            self.destinationPort = destinationPort
            self.interface = interface
            self.traffic = traffic
        }
    }

    /// How far its life is.
    public enum State: String, Hashable, Sendable, CaseIterable {
        case valid = "Valid"
        /// Not built to its end.
        case pending = "Pending"
        /// Closed, and waiting to be released.
        case invalidated = "Invalidated"
    }

    /// The kernel's number for it.
    public var id: UInt32
    /// The IP protocol.
    public var protocolNumber: UInt8
    /// The policy's name; `self-traffic-policy` and `default-policy` are the implicit ones, `N/A` is none.
    public var policyName: String
    /// The policy's number.
    public var policyNumber: UInt16
    /// The initiator's zone; nil where it is not known.
    public var fromZone: String?
    /// The responder's zone.
    public var toZone: String?
    /// How far its life is.
    public var state: State
    /// Seconds until it ends if nothing comes.
    public var timeout: UInt32
    /// Seconds it is given by its application or protocol.
    public var configuredTimeout: UInt32
    /// The application by which its policy matched; nil where there is none of that kind.
    public var application: String?
    /// Seconds since 1970 at its beginning; nil where the kernel does not keep it.
    public var start: UInt64?
    /// Seconds since its beginning.
    public var duration: UInt64?
    /// From the initiator.
    public var initiator: Wing
    /// To the initiator.
    public var responder: Wing

    /// Makes a session.
    public init(
        id: UInt32,
        protocolNumber: UInt8,
        policyName: String,
        policyNumber: UInt16,
        fromZone: String?,
        toZone: String?,
        state: State,
        timeout: UInt32,
        configuredTimeout: UInt32,
        application: String?,
        start: UInt64?,
        duration: UInt64?,
        initiator: Wing,
        responder: Wing
    ) {
        self.id = id
        self.protocolNumber = protocolNumber
        self.policyName = policyName
        self.policyNumber = policyNumber
        self.fromZone = fromZone
        self.toZone = toZone
        self.state = state
        self.timeout = timeout
        self.configuredTimeout = configuredTimeout
        self.application = application
        self.start = start
        self.duration = duration
        self.initiator = initiator
        self.responder = responder
    }
}

/// How an IP protocol is called in operational output; a number where it has no name.
func protocolName(_ number: UInt8) -> String {
    switch number {
    case 1: "icmp"
    case 2: "igmp"
    case 4: "ipip"
    case 6: "tcp"
    case 17: "udp"
    case 47: "gre"
    case 50: "esp"
    case 51: "ah"
    case 58: "icmp6"
    case 89: "ospf"
    case 103: "pim"
    case 112: "vrrp"
    case 132: "sctp"
    default: String(number)
    }
}

/// The protocol of a name or number; nil if it is none.
func protocolNumber(_ text: String) -> UInt8? {
    if let number = UInt8(text) { return number }
    return text == "icmpv6" ? 58 : (0...255).first { protocolName($0) == text && UInt8(text) == nil }
}
