// SPDX-License-Identifier: Apache-2.0
// What a laboratory saw of one packet in a real kernel.

/// The kernel's voice.
public struct KernelOutcome: Hashable, Sendable {
    /// What became of the packet: `reject` if a reply was seen, `discard` if nothing was.
    public var verdict: ObservedVerdict
    /// Packets by counter that were added, by the kernel's names; nil where counters were not read for this packet.
    public var counters: [String: UInt64]?
    /// The logical interface it left by, or `local`; nil where it did not, or where that was not observed.
    public var emittedInterface: String?
    /// The last hook that saw it; nil where that was not observed.
    public var lastHook: PathHook?
    /// The answer to the sender, if one was seen.
    public var replyKind: ReplyKind?
    /// `skb->mark` at the last hook that saw the packet; nil where that was not observed.
    public var mark: UInt32?
    /// Prefixes of the reports that it caused, in order; nil where they were not observed.
    public var reports: [String]?

    /// Makes an observation.
    public init(
        verdict: ObservedVerdict,
        counters: [String: UInt64]? = nil,
        emittedInterface: String? = nil,
        lastHook: PathHook? = nil,
        replyKind: ReplyKind? = nil,
        mark: UInt32? = nil,
        reports: [String]? = nil
    ) {
        self.verdict = verdict
        self.counters = counters
        self.emittedInterface = emittedInterface
        self.lastHook = lastHook
        self.replyKind = replyKind
        self.mark = mark
        self.reports = reports
    }
}
