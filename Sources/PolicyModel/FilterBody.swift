// SPDX-License-Identifier: Apache-2.0
// A stateless filter as an ordered list of steps, ready for any interface.
public import NetworkTypes

/// Which way a packet passes an interface.
public enum Direction: String, Hashable, Sendable {
    case input
    case output

    /// `i` or `o`, as instance names end.
    public var letter: String { self == .input ? "i" : "o" }
}

/// The first pass where a packet passes the interface, or the second one for packets to the router (DESIGN §3.1).
public enum EvaluationPass: String, Hashable, Sendable {
    case packetForwardingEngine
    case routingEngine
}

/// How the refusal of a packet is answered.
public struct RefusalAnswer: Hashable, Sendable {
    /// Code of ICMP type 3 or ICMPv6 type 1.
    public var code: UInt8
    /// TCP segments are answered with a reset instead.
    public var resetsTCP: Bool

    /// Makes an answer.
    public init(code: UInt8, resetsTCP: Bool) {
        self.code = code
        self.resetsTCP = resetsTCP
    }
}

/// How a step ends.
public enum StepOutcome: Hashable, Sendable {
    case accept
    case drop
    case refuse(RefusalAnswer)
    /// The next step decides.
    case proceed
}

/// A copy of a packet.
public struct PacketCopy: Hashable, Sendable {
    /// What it is for.
    public enum Purpose: Hashable, Sendable {
        /// A capture file.
        case capture
        /// The mirror of that name.
        case mirror(String)
    }

    /// What it is for.
    public var purpose: Purpose
    /// Octets of the packet that are needed; 0 for all.
    public var length: UInt32

    /// Makes a copy.
    public init(_ purpose: Purpose, length: UInt32) {
        self.purpose = purpose
        self.length = length
    }
}

/// What a step does besides deciding; in this order.
public enum StepAction: Hashable, Sendable {
    /// Charges the counter of that name in the packet's instance.
    case count(String)
    /// Reports the packet under the statement's identifier.
    case log(statement: String)
    case meter(Meter)
    /// Charges the member of an array that an address chooses.
    case meterByAddress(AddressMeter)
    case setForwardingClass(UInt8)
    case setLossPriority(UInt8)
    /// Rewrites the six bits of the header.
    case setDSCP(UInt8)
    /// The packet skips flow processing.
    case packetMode
    /// Hands a copy of the packet over to whoever captures or mirrors.
    case copy(PacketCopy)
    /// Sets or clears the don't-fragment bit of an IPv4 header.
    case setDontFragment(Bool)
    /// The packet is routed by the table of that number (`RoutingTable.index`), 0 by the router's own.
    case chooseRoutingTable(UInt8)
}

extension StepAction {
    /// The meter that it charges, if it does.
    public var meter: Meter? {
        switch self {
        case .meter(let meter): meter
        case .meterByAddress(let array): array.meter
        default: nil
        }
    }
}

/// One step: what it asks, what it does, how it ends.
public struct FilterStep: Hashable, Sendable {
    /// What it asks of a packet.
    public var match: MatchExpression
    /// What it does to one that matches.
    public var actions: [StepAction]
    /// How it ends.
    public var outcome: StepOutcome
    /// The configuration path it came from.
    public var origin: String

    /// Makes a step.
    public init(match: MatchExpression, actions: [StepAction], outcome: StepOutcome, origin: String) {
        self.match = match
        self.actions = actions
        self.outcome = outcome
        self.origin = origin
    }
}

/// The steps of one effective filter for one IP version.
///
/// What no step decides is dropped, unless the body says otherwise.
public struct FilterBody: Hashable, Sendable {
    /// The family the filter was written for: `inet`, `inet6` or `any`.
    public var family: String
    /// The packets it sees.
    public var version: AddressFamily
    /// The steps in order.
    public var steps: [FilterStep]
    /// The configuration path of the filter.
    public var origin: String
    /// Whether what no step decides is accepted.
    public var acceptsRest: Bool

    /// Makes a body.
    public init(
        family: String,
        version: AddressFamily,
        steps: [FilterStep],
        origin: String,
        acceptsRest: Bool = false
    ) {
        self.family = family
        self.version = version
        self.steps = steps
        self.origin = origin
        self.acceptsRest = acceptsRest
    }

    /// Whether some step refuses with an answer.
    public var refuses: Bool {
        steps.contains { step in
            guard case .refuse = step.outcome else { return false }
            return true
        }
    }
}

/// A filter at an interface: body, and the names under which this place is charged.
public struct FilterBinding: Hashable, Sendable {
    /// Bodies by IP version; a family filter has one, a family-any filter both.
    public var bodies: [AddressFamily: FilterBody]
    /// What the state is named after: the filter's name, or `IFL-i` for a list.
    public var filterName: String
    /// The family the filter was written for.
    public var family: String
    /// Whether bodies are shared with other interfaces under the same names.
    public var key: String

    /// Makes a binding.
    public init(bodies: [AddressFamily: FilterBody], filterName: String, family: String, key: String) {
        self.bodies = bodies
        self.filterName = filterName
        self.family = family
        self.key = key
    }
}
