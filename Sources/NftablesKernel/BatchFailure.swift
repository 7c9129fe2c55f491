// SPDX-License-Identifier: Apache-2.0
// Why a batch was not applied: every change that the kernel refused, with its reason.
public import Netlink
public import NftablesIR

/// A batch that was not applied; nothing of it was.
public struct BatchFailure: Error, Hashable, Sendable {
    /// What kind of failure it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Wrapped: String, Hashable, Sendable {
            case refused, generationMoved, notPermitted, notEncodable, transport
        }
        private let wrapped: Wrapped
        private init(_ wrapped: Wrapped) { self.wrapped = wrapped }
        /// The word for it.
        public var description: String { wrapped.rawValue }
        /// The kernel refused changes; `refusals` lists them.
        public static let refused = Code(.refused)
        /// The ruleset is no longer the one the batch was planned for; read again, plan again.
        public static let generationMoved = Code(.generationMoved)
        /// CAP_NET_ADMIN is missing.
        public static let notPermitted = Code(.notPermitted)
        /// A change has no form that the kernel takes; `refusals` names it, nothing was sent.
        public static let notEncodable = Code(.notEncodable)
        /// The socket failed; `cause` says how.
        ///
        /// Only here it is unknown whether the batch was applied: read again.
        public static let transport = Code(.transport)
    }

    /// One refused change.
    public struct Refusal: Hashable, Sendable {
        /// Its index in the batch; nil if the kernel refused the batch as a whole at its end (loops, for instance).
        public var change: Int?
        /// The system's error number; 0 if the change was not sent.
        public var errno: Int32
        /// What the kernel said in its extended acknowledgement.
        public var message: String?
        /// Where in the message the kernel found fault.
        public var attributeOffset: UInt32?

        /// Makes a refusal.
        public init(change: Int?, errno: Int32, message: String? = nil, attributeOffset: UInt32? = nil) {
            self.change = change
            self.errno = errno
            self.message = message
            self.attributeOffset = attributeOffset
        }
    }

    /// What kind of failure it is.
    public var code: Code
    /// The refused changes, in order.
    public var refusals: [Refusal]
    /// The failure of the socket, if it was one.
    public var cause: NetlinkError?

    /// Makes a failure.
    public init(_ code: Code, refusals: [Refusal] = [], cause: NetlinkError? = nil) {
        self.code = code
        self.refusals = refusals
        self.cause = cause
    }

    /// One line a refusal, for a person; the batch is the one that was sent.
    public func explanation(of batch: Batch) -> [String] {
        if let cause { return [cause.description] }
        if code == .generationMoved { return ["the ruleset was changed by someone else in the meantime"] }
        return refusals.map { refusal in
            let place = "table \(batch.family.rawValue) \(batch.table)"
            let change =
                refusal.change.flatMap { batch.changes.indices.contains($0) ? batch.changes[$0].summary : nil }
                ?? "commit"
            let reason = refusal.errno == 0 ? "cannot be written down" : NetlinkError.text(errno: refusal.errno)
            let hint = code == .notPermitted ? "; CAP_NET_ADMIN is missing" : ""
            return "\(change) in \(place): \(reason)\(refusal.message.map { " (\($0))" } ?? "")\(hint)"
        }
    }
}

extension Change {
    /// What it does, in a few words.
    public var summary: String {
        switch self {
        case .addTable: "add table"
        case .deleteTable: "delete table"
        case .addChain(let name, _): "add chain \(name)"
        case .deleteChain(let name): "delete chain \(name)"
        case .flushChain(let name): "flush chain \(name)"
        case .addRule(let chain, let rule): "add rule to chain \(chain)" + (rule.comment.map { " for \($0)" } ?? "")
        case .deleteRule(let chain, let handle): "delete rule \(handle) of chain \(chain)"
        case .addSet(let set): "add set \(set.name)"
        case .deleteSet(let name): "delete set \(name)"
        case .addElements(let set, _, let elements): "add \(elements.count) elements to set \(set)"
        case .deleteElements(let set, _, let elements): "delete \(elements.count) elements of set \(set)"
        case .flushSet(let name): "flush set \(name)"
        case .addObject(let key, _): "add \(key.kind) \(key.name)"
        case .deleteObject(let key): "delete \(key.kind) \(key.name)"
        }
    }
}
