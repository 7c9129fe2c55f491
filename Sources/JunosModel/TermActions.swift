// SPDX-License-Identifier: Apache-2.0
// What a term does: filters reference §4.

/// The actions under `then`.
public struct TermActions: Hashable, Sendable {
    /// The one terminating or flow-control action, if there is one; none accepts (filters reference §1.1 rule 4).
    public var outcome: TermOutcome?
    /// `count NAME`.
    public var count: String?
    /// `policer NAME`.
    public var policer: String?
    /// `three-color-policer { KIND NAME; }`; `policer` and this never stand together (filters reference §1.3).
    public var threeColorPolicer: String?
    /// `prefix-action NAME` (inet).
    public var prefixAction: String?
    /// `log`.
    public var log: Bool
    /// `syslog`.
    public var syslog: Bool
    /// `forwarding-class NAME`.
    public var forwardingClass: String?
    /// `loss-priority LEVEL`.
    public var lossPriority: LossPriority?
    /// `dscp V` or `traffic-class V`, 0 to 63.
    public var dscp: UInt8?
    /// `packet-mode` (flow reference §1.4).
    public var packetMode: Bool
    /// `dont-fragment set` or `clear`: the value of the bit.
    public var dontFragment: Bool?
    /// `sample`: a copy into the capture file.
    public var sample: Bool
    /// `port-mirror`, or `port-mirror-instance NAME`: a copy out of an interface; the name is empty without one.
    public var mirror: String?
    /// The way that the term chooses; its outcome then is `accept`, or `nextTerm` where it says so.
    public var forwarding: ForwardingChoice?

    /// Makes actions; without arguments an empty `then`.
    public init(
        outcome: TermOutcome? = nil,
        count: String? = nil,
        policer: String? = nil,
        threeColorPolicer: String? = nil,
        prefixAction: String? = nil,
        log: Bool = false,
        syslog: Bool = false,
        forwardingClass: String? = nil,
        lossPriority: LossPriority? = nil,
        dscp: UInt8? = nil,
        packetMode: Bool = false,
        dontFragment: Bool? = nil,
        sample: Bool = false,
        mirror: String? = nil,
        forwarding: ForwardingChoice? = nil
    ) {
        self.outcome = outcome
        self.count = count
        self.policer = policer
        self.threeColorPolicer = threeColorPolicer
        self.prefixAction = prefixAction
        self.log = log
        self.syslog = syslog
        self.forwardingClass = forwardingClass
        self.lossPriority = lossPriority
        self.dscp = dscp
        self.packetMode = packetMode
        self.dontFragment = dontFragment
        self.sample = sample
        self.mirror = mirror
        self.forwarding = forwarding
    }
}

/// How a matching term ends.
public enum TermOutcome: Hashable, Sendable {
    case accept
    case discard
    case reject(RejectMessage)
    case nextTerm
}

/// The message of `reject` (filters reference §4.2).
public struct RejectMessage: Hashable, Sendable {
    /// The Junos keyword, `administratively-prohibited` where none was written (DESIGN §3.6).
    public var keyword: String
    /// The code of ICMP type 3 or ICMPv6 type 1 sent; for `tcp-reset` the one for packets that are not TCP.
    public var code: UInt8
    /// `tcp-reset`: TCP segments are answered with a reset.
    public var isTCPReset: Bool

    /// Makes a message.
    public init(keyword: String, code: UInt8, isTCPReset: Bool = false) {
        self.keyword = keyword
        self.code = code
        self.isTCPReset = isTCPReset
    }
}

/// The forwarding classes, by the number in `meta mark` bits 24–27 (DESIGN §4); best-effort is where packets start.
public let predefinedForwardingClasses = [
    "best-effort", "expedited-forwarding", "assured-forwarding", "network-control",
]

extension FilterTerm {
    /// What a report of this term stands for: where it is written, what reports it, and how the term ends.
    ///
    /// Reports carry a digest of it, so that those still under way at a commit mean what was in force when they were
    /// made (DESIGN §3.24). Nil without `log` and `syslog`.
    public var reportedStatement: String? {
        guard then.log || then.syslog else { return nil }
        let outcome =
            switch then.outcome {
            case nil, .accept: "accept"
            case .discard: "discard"
            case .reject: "reject"
            case .nextTerm: "next term"
            }
        return source.path + " then" + (then.log ? " log" : "") + (then.syslog ? " syslog" : "") + " " + outcome
    }
}
