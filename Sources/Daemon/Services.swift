// SPDX-License-Identifier: Apache-2.0
// The daemon's services: the keeper's thread, SIGHUP, the metrics page, the control socket.
import Engine
import FlyingFox
import FlyingSocks
import Foundation
import Logging
import MetricsExposition
import OperationalMode
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Runs the keeper on a thread of its own and passes SIGHUP to it.
struct KeeperService: Service {
    let keeper: ProgramKeeper

    func run() async throws {
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in hangups { keeper.shared.withLock { $0.isReloadAsked = true } }
                }
                group.addTask { try await runOnThread("keeper", keeper.run) }
                // The keeper's end ends the service; the signal task never ends by itself.
                try await group.next()
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            keeper.shared.withLock { $0.isStopAsked = true }
        }
    }
}

/// Runs blocking work on a thread of its own until it is told to stop.
struct ThreadService: Service {
    let name: String
    let work: @Sendable () throws -> Void
    let stop: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () throws -> Void, stop: @escaping @Sendable () -> Void) {
        self.name = name
        work = run
        self.stop = stop
    }

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await runOnThread(name, work)
        } onCancelOrGracefulShutdown: {
            stop()
        }
    }
}

/// Runs work to its end on a thread of its own, which may block.
private func runOnThread(_ name: String, _ work: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let thread = Thread {
            continuation.resume(with: Result { try work() })
        }
        thread.name = name
        thread.start()
    }
}

/// Serves `/metrics`.
struct PageService: Service {
    let address: String
    let port: UInt16
    let keeper: ProgramKeeper
    let logger: Logger

    func run() async throws {
        let server = HTTPServer(address: try .inet(ip4: address, port: port), logger: .disabled)
        await server.appendRoute("GET /metrics") { _ in
            do {
                let page = try keeper.metrics()
                return HTTPResponse(
                    statusCode: .ok,
                    headers: [.contentType: Exposition.contentType],
                    body: Data(page.bytes)
                )
            } catch {
                return HTTPResponse(statusCode: .internalServerError, body: Data("\(error)\n".utf8))
            }
        }
        logger.info("metrics on http://\(address):\(port)/metrics")
        try await run(server)
    }
}

/// Carries out `sluice show` and `sluice clear` on a socket that only its owner can open.
struct ControlService: Service {
    let path: String
    let keeper: ProgramKeeper
    let logger: Logger

    func run() async throws {
        // The keeper holds the router's lock once it is ready; only then the socket is ours to replace.
        while !keeper.shared.withLock({ $0.isReady }) { try await Task.sleep(for: .milliseconds(50)) }
        if let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType {
            guard type == .typeSocket else {
                throw ControlSocketError(description: "\(path) is there and no socket; name another --control-socket")
            }
            try FileManager.default.removeItem(atPath: path)
        }
        // Many counters take the kernel seconds.
        let server = HTTPServer(address: .unix(path: path), timeout: 100, logger: .disabled)
        await server.appendRoute(HTTPRoute(method: .POST, path: OperationalRequest.path)) { request in
            do {
                let asked = try JSONDecoder().decode(OperationalRequest.self, from: try await request.bodyData)
                let answer = try keeper.answer(asked.words).rendered(asked.format)
                return HTTPResponse(statusCode: .ok, body: Data(answer.utf8))
            } catch let problem as OperationalProblem {
                return HTTPResponse(statusCode: .badRequest, body: Data(problem.description.utf8))
            } catch {
                return HTTPResponse(statusCode: .internalServerError, body: Data("\(error)".utf8))
            }
        }
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await run(server)
    }
}

/// Why the control socket cannot be made.
private struct ControlSocketError: Error, CustomStringConvertible {
    let description: String
}

extension Service {
    /// Runs a server until shutdown is asked; being cancelled is how it ends.
    fileprivate func run(_ server: HTTPServer) async throws {
        do {
            try await cancelWhenGracefulShutdown { try await server.run() }
        } catch is CancellationError {
        } catch SocketError.disconnected {
        }
    }
}
