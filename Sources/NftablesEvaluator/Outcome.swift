// SPDX-License-Identifier: Apache-2.0
// What the machine answers: the packet's fate, what was done to it on the way, and by which rules.
public import NftablesIR

/// A rule by its place in its table.
public struct RulePosition: Hashable, Sendable {
    /// The chain's name.
    public var chain: String
    /// The rule's index in the chain, from 0.
    public var rule: Int

    /// Makes a position.
    public init(chain: String, rule: Int) {
        self.chain = chain
        self.rule = rule
    }
}

/// What becomes of a packet at a hook.
public enum Fate: Hashable, Sendable {
    case accept
    case drop
    /// Dropped, with an answer to the sender if the stack can give one (kernel facts §3).
    case reject(RejectKind)
}

/// What one base chain decided.
public struct Decision: Hashable, Sendable {
    /// The base chain.
    public var chain: String
    /// Its answer.
    public var fate: Fate
    /// The rule that gave it; nil for the chain's policy.
    public var rule: RulePosition?

    /// Makes a decision.
    public init(chain: String, fate: Fate, rule: RulePosition?) {
        self.chain = chain
        self.fate = fate
        self.rule = rule
    }
}

/// Something that a rule did and that can be seen from outside.
public enum Effect: Hashable, Sendable {
    /// A named counter took one packet.
    case counted(ObjectKey)
    /// A named limit was asked; `exceeded` says that it had too few tokens (and took none).
    case limited(ObjectKey, exceeded: Bool)
    /// An anonymous counter took one packet.
    case countedAnonymously(RulePosition)
    /// An anonymous limit was asked.
    case limitedAnonymously(RulePosition, exceeded: Bool)
    /// The connection that begins with the packet lives as the policy says.
    case setTimeout(ConntrackTimeout)
    /// The packet was sent to a log group.
    case logged(LogParameters)
    /// Bytes were written, counted from the start of the network header; a mended checksum is not listed.
    case rewrote(offset: Int, [UInt8])
}

/// What the kernel would have done with one packet.
public struct Outcome: Hashable, Sendable {
    /// The fate at the hook.
    public var fate: Fate
    /// What each base chain decided, in the order in which they ran; later ones do not run after a drop.
    public var decisions: [Decision]
    /// `skb->mark` afterwards.
    public var mark: UInt32
    /// `skb->priority` afterwards.
    public var priority: UInt32
    /// The last mark written to the conntrack entry; nil if none was.
    public var conntrackMark: UInt32?
    /// Whether `notrack` took the packet out of conntrack.
    public var isUntracked: Bool
    /// The packet afterwards.
    public var bytes: [UInt8]
    /// What was done, in order.
    public var effects: [Effect]
    /// The rules that ran to their end or gave a verdict, in order, as `nftrace` reports them (kernel facts §9); empty
    /// if no trace was asked for.
    public var trace: [RulePosition]
}

/// Why the machine has no answer.
///
/// It never guesses.
public struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What stands in the way.
    public enum Reason: Hashable, Sendable {
        /// An expression that nobody here knows, by the kernel's name for it.
        case unknownExpression(String)
        /// A known expression in a form whose effect is not known here, or that the kernel would not load.
        case unsupported(String)
        /// A chain that the table does not have, or has in another role.
        case noChain(String)
        /// A set that the table does not have.
        case noSet(String)
        /// An object that the table does not have, or whose kind is not known here.
        case noObject(ObjectKey)
        /// A set whose content has no single meaning, and why.
        case set(String, String)
        /// More than 15 chains deep below a base chain; the kernel would not load it (kernel facts §7).
        case tooDeep
        /// Two base chains of one hook share a priority, and their order depends on history (kernel facts T11).
        case samePriority(String, String)
    }

    /// What stands in the way.
    public var reason: Reason
    /// The rule that was being evaluated, if it was one.
    public var position: RulePosition?

    /// Makes an error.
    public init(_ reason: Reason, at position: RulePosition? = nil) {
        self.reason = reason
        self.position = position
    }

    /// One line for people.
    public var description: String {
        let place = position.map { "chain \($0.chain) rule \($0.rule): " } ?? ""
        return switch reason {
        case .unknownExpression(let name): "\(place)unknown expression \(name)"
        case .unsupported(let what): "\(place)cannot evaluate \(what)"
        case .noChain(let name): "\(place)no such chain: \(name)"
        case .noSet(let name): "\(place)no such set: \(name)"
        case .noObject(let key): "\(place)no \(key.kind) object to evaluate: \(key.name)"
        case .set(let name, let why): "\(place)set \(name): \(why)"
        case .tooDeep: "\(place)more than 15 chains below the base chain"
        case .samePriority(let one, let other): "base chains \(one) and \(other) share hook and priority"
        }
    }
}
