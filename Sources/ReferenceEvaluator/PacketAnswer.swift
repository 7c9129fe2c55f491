// SPDX-License-Identifier: Apache-2.0
// What happens to a packet: the answer of DESIGN §6.
public import JunosModel
public import NetworkTypes

/// What is done with a packet.
public enum PacketVerdict: String, Hashable, Sendable {
    case accept
    case discard
    case reject
}

/// Where in the router something is decided, in the order of a packet's way (DESIGN §6).
public enum Stage: String, Hashable, Sendable, CaseIterable {
    case mode
    case inputFilter = "input-filter"
    case reassembly
    case stack
    case flow
    case hostInbound = "host-inbound"
    case policy
    case routingEngineFilter = "routing-engine-filter"
    case lo0Input = "lo0-input"
    case lo0Output = "lo0-output"
    case outputFilter = "output-filter"
}

/// What a packet is to sessions.
public enum SessionEffect: String, Hashable, Sendable {
    /// It made one.
    case create
    /// It belongs to one.
    case match
    case none
}

/// Why the stack itself drops a packet whatever the policy says (kernel facts §10).
public enum StackDrop: String, Hashable, Sendable, CaseIterable {
    /// Version, header length or length fields; before any filter.
    case malformedHeader = "malformed-header"
    /// The IPv4 header checksum; before any filter.
    case badChecksum = "bad-checksum"
    /// IPv4 options that cannot be read, or an IPv6 option that asks for the packet to be dropped.
    case malformedOptions = "malformed-options"
    /// A TTL or hop limit that does not survive forwarding.
    case timeToLiveExceeded = "ttl-exceeded"
    /// A source that no packet may come from.
    case martianSource = "martian-source"
    /// A destination that no packet is forwarded to.
    case martianDestination = "martian-destination"
    /// A multicast destination that nobody listens to.
    case multicast
    /// A broadcast that would have to be forwarded.
    case broadcast
    /// A source-route option.
    case sourceRoute = "source-route"
}

/// How far a packet gets that the stack drops.
public enum StackReach: String, Hashable, Sendable {
    /// Not even to the input filters.
    case nothing
    /// Through the input filters and conntrack.
    case inputFilters
    /// To what the router receives itself.
    case input
}

/// The answer to one packet vector.
public struct PacketAnswer: Hashable, Sendable {
    /// A counter, policer or policy that one stage charged, as often as it stands here.
    public struct Charge: Hashable, Sendable {
        /// What kind of thing was charged.
        public enum Kind: Hashable, Sendable {
            case counter
            case policer
            case policy
        }

        /// What kind of thing was charged.
        public let kind: Kind
        /// The key under which the answer shows it.
        public let key: String
        /// Where.
        public let stage: Stage
        /// The IP length of the packet there (filters reference §4.3).
        public let octets: UInt64
    }

    /// The vector's.
    public var id: String
    /// What the policy does with the packet.
    ///
    /// The stack may still drop it: `stack`.
    public var verdict: PacketVerdict
    /// The deciding statement; nil where none is.
    public var decidedBy: String?
    /// Where it was decided.
    public var stage: Stage
    /// The Junos keyword of the reply; nil where nothing is sent.
    public var rejectWith: String?
    /// Forwarding class at the end of the packet's way.
    public var forwardingClass: String
    /// Loss priority at the end of the packet's way.
    public var lossPriority: LossPriority
    /// DSCP at the end of the packet's way.
    public var dscp: UInt8
    /// The way that a term chose for an accepted packet; nil where the destination's own route is asked.
    public var forwarding: ForwardingChoice?
    /// What it was to sessions.
    public var session: SessionEffect
    /// Why the stack drops it, if it does.
    public var stack: StackDrop?
    /// How far the packet gets in the kernel; nil where the stack does not drop it.
    public var stackReach: StackReach?
    /// Everything charged, in order, with its stage: what lies beyond `stack` is not reached in the kernel.
    public var charges: [Charge]
    /// Paths of the statements that logged the packet, in order.
    public var logs: [String]
    /// Where copies of the packet go under `forwarding-options`, each as often as terms ask for it; of the packets of
    /// each the configured part is kept.
    public var copies: [String]
    /// The packet as it was sent: TCP numbers that the vector left open are filled in.
    public var sent: Packet
    /// The packet as it leaves, with rewrites; reassembled where flow or local delivery reassembles.
    public var packet: Packet
    /// Term by term why; empty unless asked for.
    public var trace: [TraceLine]

    /// Packets by counter.
    public var counters: [String: UInt64] { tally(.counter) }

    /// Octets by counter.
    public var counterOctets: [String: UInt64] {
        charges.reduce(into: [:]) { sums, charge in
            if charge.kind == .counter { sums[charge.key, default: 0] += charge.octets }
        }
    }

    /// Exceeding packets by policer.
    public var policers: [String: UInt64] { tally(.policer) }

    /// First packets by policy: `FROM/TO/NAME`; global ones under `junos-global` (flow reference §3.1).
    public var policyHits: [String: UInt64] { tally(.policy) }

    private func tally(_ kind: Charge.Kind) -> [String: UInt64] {
        charges.reduce(into: [:]) { sums, charge in
            if charge.kind == kind { sums[charge.key, default: 0] += 1 }
        }
    }

    /// One line of JSON with the keys in the order of DESIGN §6; names inside objects are sorted.
    public func json() -> String {
        var fields = [
            "\"id\":\(quoted(id))",
            "\"verdict\":\"\(verdict.rawValue)\"",
            "\"decided-by\":\(decidedBy.map(quoted) ?? "null")",
            "\"stage\":\"\(stage.rawValue)\"",
            "\"reject-with\":\(rejectWith.map(quoted) ?? "null")",
            "\"counters\":\(object(counters))",
            "\"policers\":\(object(policers))",
            "\"policy-hits\":\(object(policyHits))",
            "\"forwarding-class\":\(quoted(forwardingClass))",
            "\"loss-priority\":\"\(lossPriority.keyword)\"",
            "\"dscp\":\(dscp)",
            "\"session\":\"\(session.rawValue)\"",
            "\"stack\":\(stack.map { quoted($0.rawValue) } ?? "null")",
        ]
        if !copies.isEmpty { fields.append("\"copies\":[\(copies.map(quoted).joined(separator: ","))]") }
        switch forwarding {
        case .routingInstance(let name)?: fields.append("\"routing-instance\":\(quoted(name))")
        case .nextAddress(let address, _)?: fields.append("\"next-hop\":\(quoted("\(address)"))")
        case .nextInterface(let name, _)?: fields.append("\"next-hop\":\(quoted(name))")
        case nil: break
        }
        return "{\(fields.joined(separator: ","))}"
    }

    private func object(_ values: [String: UInt64]) -> String {
        "{\(values.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\($0.value)" }.joined(separator: ","))}"
    }
}

/// A JSON string.
private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case _ where scalar.value < 0x20:
            let hex = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
