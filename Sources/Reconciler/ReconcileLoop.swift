// SPDX-License-Identifier: Apache-2.0
// The daemon's loop as a state machine: what to do next, given what just happened. It does nothing itself.

/// Keeps the kernel at the desired program: observe, plan, apply, wait.
///
/// The owner carries out each action and hands the result back as the next event. Kernel events may come at any time.
public struct ReconcileLoop: Hashable, Sendable {
    /// A step of a plan.
    public enum Phase: Hashable, Sendable {
        case prepare
        case switchOver
        case sweep
    }

    /// What the loop is busy with.
    public enum State: Hashable, Sendable {
        /// The kernel was seen as desired at this generation.
        case settled(generation: UInt32)
        /// A dump is being read.
        case observing
        /// A step is being sent.
        case applying(Phase)
        /// A failure is being waited out.
        case waiting
    }

    /// What happened.
    public enum Event: Hashable, Sendable {
        /// The desired program is another one.
        case desiredChanged
        /// The kernel's generation is another one, or events were lost (ENOBUFS) and it may be.
        case kernelChanged(generation: UInt32?)
        /// The dump was read and compared at a generation; the next step to send, nil if there is none.
        case observed(generation: UInt32, next: Phase?)
        /// A step was committed; the next one of the same plan, nil if it was the last.
        case applied(next: Phase?)
        /// A dump or a guarded step met a concurrent commit (`NLM_F_DUMP_INTR`, ERESTART).
        case overtaken
        /// Something failed otherwise.
        case failed
        /// The wait is over.
        case waited
    }

    /// What to do.
    public enum Action: Hashable, Sendable {
        /// Nothing until the next event.
        case none
        /// Read the kernel's state and plan.
        case observe
        /// Send a step.
        case apply(Phase)
        /// Come back with `waited`.
        case wait(Duration)
    }

    /// What the loop is busy with.
    public private(set) var state = State.observing
    /// Whether the plan under way is for a program that is desired no longer, or for a kernel that changed unseen.
    private var isStale = false
    /// The newest generation heard of since the dump under way was asked for.
    private var heard: UInt32?
    private var backoff: Backoff

    /// Makes a loop whose first action is to observe.
    public init(backoff: Backoff = Backoff()) { self.backoff = backoff }

    /// Takes an event.
    ///
    /// - Parameters:
    ///   - event: What happened.
    ///   - jitter: Spread of a wait, 0 to 1.
    /// - Returns: What to do now.
    public mutating func handle(_ event: Event, jitter: Double = 1) -> Action {
        switch event {
        case .desiredChanged:
            return interrupt()
        case .kernelChanged(let generation):
            if case .settled(let settled) = state, settled == generation { return .none }
            // Our own commits change the generation too; a step's guard notices foreign ones.
            if case .applying = state { return .none }
            if case .observing = state, let generation {
                heard = generation
                return .none
            }
            return interrupt()
        case .observed(let generation, let next):
            guard case .observing = state else { return .none }
            // Generations count up and wrap; one that the dump already shows is no news.
            let isOutdated = heard.map { Int32(bitPattern: $0 &- generation) > 0 } ?? false
            if isStale || isOutdated { return observe() }
            guard let next else {
                backoff.succeeded()
                state = .settled(generation: generation)
                return .none
            }
            state = .applying(next)
            return .apply(next)
        case .applied(let next):
            guard case .applying = state else { return .none }
            // What was applied is believed only when it is read back.
            guard let next, !isStale else { return observe() }
            state = .applying(next)
            return .apply(next)
        case .overtaken, .failed:
            guard state != .waiting else { return .none }
            state = .waiting
            return .wait(backoff.failed(jitter: jitter))
        case .waited:
            guard case .waiting = state else { return .none }
            return observe()
        }
    }

    private mutating func observe() -> Action {
        state = .observing
        isStale = false
        heard = nil
        return .observe
    }

    /// Looks again: at once if idle, else when the work under way is done.
    ///
    /// A wait is kept, so that a fight with another program does not become a busy loop.
    private mutating func interrupt() -> Action {
        switch state {
        case .settled: return observe()
        case .observing, .applying:
            isStale = true
            return .none
        case .waiting: return .none
        }
    }
}
