// SPDX-License-Identifier: Apache-2.0
// One thing that two voices say differently about a packet.

/// A difference.
public struct Difference: Hashable, Sendable, CustomStringConvertible {
    /// What differs.
    public enum Subject: String, Hashable, Sendable, CaseIterable {
        case verdict
        case reply
        case counters
        case policers
        case policyHits = "policy-hits"
        case implicitDiscard = "implicit-discard"
        case defaultPolicy = "default-policy"
        /// Packets dropped by mode, session state, zone or host-inbound-traffic.
        case drops
        case session
        case lossPriority = "loss-priority"
        case forwardingClass = "forwarding-class"
        case dscp
        case dontFragment = "dont-fragment"
        /// Copies for the capture file and for mirrors.
        case copies
        /// The routing instance or next hop that a term chose.
        case way
        /// What a TCP segment announces.
        case segmentSize = "tcp-mss"
        case emittedInterface = "emitted-interface"
    }

    /// Who disagrees with the model.
    public enum Voice: String, Hashable, Sendable {
        case program
        case kernel
    }

    /// What differs.
    public let subject: Subject
    /// Who disagrees with the model.
    public let voice: Voice
    /// What the model says.
    public let model: String
    /// What the other voice says.
    public let other: String

    /// Makes a difference.
    public init(_ subject: Subject, _ voice: Voice, model: String, other: String) {
        self.subject = subject
        self.voice = voice
        self.model = model
        self.other = other
    }

    /// One line for people.
    public var description: String { "\(subject.rawValue): model \(model), \(voice.rawValue) \(other)" }
}
