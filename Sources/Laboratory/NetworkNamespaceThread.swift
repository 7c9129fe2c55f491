// SPDX-License-Identifier: Apache-2.0
// A thread of our own that lives in another network namespace and does there what it is sent.
import CNetfilterShims
import Glibc
import Netlink
import Synchronization

/// One thread in one network namespace; work is sent to it, and the sender waits for the result.
///
/// Namespaces belong to threads, and Swift's pool moves tasks between threads; this thread is none of the pool's and
/// leaves its namespace never. Sockets, TUN devices and `/proc/sys/net` opened on it are its namespace's. A namespace that
/// it made goes when the thread has ended and the last descriptor is closed.
public final class NetworkNamespaceThread: Sendable {
    private let mailbox: Mailbox
    private let thread: pthread_t
    /// The kernel's number of the thread; `/proc/self/task/NUMBER/ns/net` is its namespace as long as it lives.
    public let number: Int32

    /// Starts a thread in a new, empty namespace; needs CAP_SYS_ADMIN.
    public convenience init() throws {
        try self.init { () throws(NetlinkError) in try NetworkNamespace.enterNew() }
    }

    /// Starts a thread in an existing namespace, such as `/run/netns/NAME` or `/proc/PID/ns/net`; needs CAP_SYS_ADMIN.
    public convenience init(joining path: String) throws {
        try self.init { () throws(NetlinkError) in try NetworkNamespace.enter(path: path) }
    }

    private init(entering enter: @escaping @Sendable () throws(NetlinkError) -> Void) throws {
        let mailbox = Mailbox(enter: enter)
        let (thread, failure) = Self.start(mailbox)
        guard failure == 0 else { throw LaboratoryError("start a thread", errno: failure) }
        do {
            number = try mailbox.entered.take()
        } catch {
            pthread_join(thread, nil)
            throw error
        }
        self.mailbox = mailbox
        self.thread = thread
    }

    /// Starts the thread with every signal blocked: signals are for the threads that expect them.
    private static func start(_ mailbox: Mailbox) -> (pthread_t, Int32) {
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let argument = unsafe Unmanaged.passRetained(mailbox)
        let failure = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Mailbox>.fromOpaque(argument).takeRetainedValue().serve()
                }
                return nil
            },
            argument.toOpaque()
        )
        if failure != 0 { unsafe argument.release() }
        return (thread, failure)
    }

    deinit { stop() }

    /// Does some work on the thread and waits for it; what it throws is thrown here.
    ///
    /// Work of several callers is done one after another. Called on the thread itself, it is done at once.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) throws -> Value {
        guard pthread_equal(pthread_self(), thread) == 0 else { return try work() }
        let reply = Reply<Value>()
        guard mailbox.put({ reply.give(Result { try work() }) }) else {
            throw LaboratoryError(.stopped, "send work to the thread of a network namespace that has been stopped")
        }
        return try reply.take()
    }

    /// Ends the thread when the work sent so far is done, and waits for its end; a second time it does nothing.
    public func stop() {
        guard mailbox.close() else { return }
        // The last reference may be let go by work on the thread itself, which cannot wait for its own end.
        if pthread_equal(pthread_self(), thread) != 0 {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }
}

/// Where work waits for the thread.
private final class Mailbox: Sendable {
    private struct State {
        var works: [@Sendable () -> Void] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let arrivals = Semaphore()
    private let enter: @Sendable () throws(NetlinkError) -> Void
    /// The thread's number once it is in its namespace, or why it is not.
    let entered = Reply<Int32>()

    init(enter: @escaping @Sendable () throws(NetlinkError) -> Void) { self.enter = enter }

    /// Adds work; false if no more is taken.
    func put(_ work: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isClosed else { return false }
            state.works.append(work)
            return true
        }
        if isTaken { arrivals.signal() }
        return isTaken
    }

    /// Takes no more work; false if that was so before.
    func close() -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if isFirst { arrivals.signal() }
        return isFirst
    }

    /// The thread's life.
    func serve() {
        do throws(NetlinkError) {
            try enter()
        } catch {
            entered.give(.failure(error))
            return
        }
        entered.give(.success(CNetfilterShims_threadNumber()))
        while true {
            arrivals.wait()
            let (works, isClosed) = state.withLock { state in
                defer { state.works = [] }
                return (state.works, state.isClosed)
            }
            for work in works { work() }
            if isClosed { return }
        }
    }
}

/// Where the result of one piece of work is waited for.
private final class Reply<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let given = Semaphore()

    func give(_ value: Result<Value, any Error>) {
        result.withLock { $0 = value }
        given.signal()
    }

    func take() throws -> Value {
        given.wait()
        guard let value = result.withLock({ $0 }) else { throw LaboratoryError(.stopped, "wait for a result") }
        return try value.get()
    }
}
