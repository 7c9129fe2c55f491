// SPDX-License-Identifier: Apache-2.0
// The consumer of packets that terms sample or mirror (filters reference §4.3).
import Foundation
import JunosModel
import Logging
import NftablesCompiler
import PacketLog
import Synchronization

/// What the consumer counts.
struct CopyCounts: Hashable, Sendable {
    /// Packets written to capture files.
    var captured: UInt64 = 0
    /// Packets sent out of mirrors' devices.
    var mirrored: UInt64 = 0
    /// Packets that did not arrive from the kernel, could not be written, or that a device did not take.
    var lost: UInt64 = 0
}

/// Takes copies from the kernel on one thread of its own, which is in the router's network namespace.
final class CopyKeeper: Sendable {
    private struct Shared {
        var configuration = JunosConfiguration()
        /// Grows with each configuration.
        var generation = 0
        var counts = CopyCounts()
        var isStopAsked = false
    }

    private static let patience: Int32 = 200
    /// Copies that are taken at once.
    private static let portion = 2048

    private let shared = Mutex(Shared())
    private let folder: String
    private let logger: Logger

    /// - Parameter folder: Where capture files grow.
    init(folder: String, logger: Logger) {
        self.folder = folder
        self.logger = logger
    }

    /// From now on a configuration may be in force; to be called before its program is loaded.
    func adopt(_ configuration: JunosConfiguration) {
        shared.withLock {
            $0.configuration = configuration
            $0.generation += 1
        }
    }

    /// What was counted.
    var counts: CopyCounts { shared.withLock { $0.counts } }

    /// Ends the loop soon.
    func stop() { shared.withLock { $0.isStopAsked = true } }

    private var isStopAsked: Bool { shared.withLock { $0.isStopAsked } }

    /// Runs until asked to stop.
    func run() {
        keepListening(orElse: "nothing is sampled or mirrored", logger, until: { isStopAsked }) { try listen($0) }
    }

    private func listen(_ didBegin: () -> Void) throws {
        var listener = try PacketLogListener()
        for group in [captureGroup, mirrorGroup] {
            // All of a packet; the rule says how much of it is needed.
            try listener.listen(to: group, .bulk(copying: 65_000))
        }
        var output = try CopyOutput(folder: folder, logger: logger)
        didBegin()
        var generation = -1
        while !isStopAsked {
            let isReady = try listener.wait(milliseconds: Self.patience)
            let (configuration, current) = shared.withLock { ($0.configuration, $0.generation) }
            if current != generation {
                output.adopt(configuration)
                generation = current
            }
            guard isReady else { continue }
            let reports = try listener.reports(limit: Self.portion)
            let counts = try output.take(reports.packets, at: Date())
            shared.withLock {
                $0.counts.captured += counts.captured
                $0.counts.mirrored += counts.mirrored
                $0.counts.lost += counts.lost + reports.lost
            }
        }
    }
}
