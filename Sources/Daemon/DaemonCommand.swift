// SPDX-License-Identifier: Apache-2.0
// The command `sluiced`: its options, and the services that make it up.
import ArgumentParser
import Engine
import Foundation
import Logging
import NameResolution
import NetworkTypes
import NftablesCompiler
import ServiceLifecycle
import UnixSignals

struct DaemonCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluiced",
        abstract: "Keep the kernel in line with a configuration; serve metrics.",
        discussion: """
            Applies DIR/sluice.conf at start, and again on SIGHUP. Whatever somebody else changes in our table is \
            repaired within a second, counters kept. SIGTERM ends the daemon and leaves the program in the kernel.
            """
    )

    @Option(help: "Folder with sluice.conf.") var configDir: String
    @Option(help: "Network namespace by name or path; without it the current one.") var netns: String?
    @Option(help: "Where `sluice show` and `sluice clear` ask.") var controlSocket: String?
    @Option(help: "Socket of the system's syslog, for what filters and policies log.") var syslogSocket = "/dev/log"
    @Option(help: "Folder where packets grow into capture files that `sample` actions take.")
    var captureDir = "/var/log/sluice"
    @Option(help: "Address and port of the metrics page.") var metrics = "127.0.0.1:9723"
    @Option(
        help: ArgumentHelp(
            "Who may reach the router while it has no valid program.",
            valueName: "IFNAME[,PREFIX]:tcp/PORT"
        )
    )
    var management: [String] = []
    @Option(
        help: ArgumentHelp("Name server for dns-name addresses instead of the system's.", valueName: "ADDRESS[:PORT]")
    )
    var nameServer: String?

    func validate() throws {
        _ = try parsedManagement()
        _ = try parsedMetrics()
        _ = try parsedNameServer()
    }

    func parsedNameServer() throws -> NameServer? {
        guard let nameServer else { return nil }
        let parts = nameServer.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), IPAddress(String(parts[0]))?.family == .inet,
            let port = parts.count == 2 ? UInt16(parts[1]) : 53
        else { throw ValidationError("--name-server takes an IPv4 ADDRESS[:PORT], not '\(nameServer)'") }
        return NameServer(address: String(parts[0]), port: port)
    }

    func parsedManagement() throws -> [ManagementAccess] {
        try management.map { text in
            guard let access = ManagementAccess(text) else {
                throw ValidationError("--management takes IFNAME[,PREFIX]:tcp/PORT, not '\(text)'")
            }
            return access
        }
    }

    func parsedMetrics() throws -> (address: String, port: UInt16) {
        guard let colon = metrics.lastIndex(of: ":"), let port = UInt16(metrics[metrics.index(after: colon)...]) else {
            throw ValidationError("--metrics takes ADDRESS:PORT, not '\(metrics)'")
        }
        return (String(metrics[..<colon]), port)
    }
}

/// Runs `sluiced` with the process's arguments and ends the process.
///
/// To be called before any other thread exists: threads stay in the namespace they are born in (DESIGN §4).
public func runDaemon() -> Never {
    let command: DaemonCommand
    do {
        command = try DaemonCommand.parse()
        // What we make on disk is for nobody else.
        umask(0o077)
    } catch {
        let isAnswer = DaemonCommand.exitCode(for: error) == .success
        let text = DaemonCommand.fullMessage(for: error)
        FileHandle(fileDescriptor: isAnswer ? STDOUT_FILENO : STDERR_FILENO).write(Data((text + "\n").utf8))
        exit(isAnswer ? 0 : 2)
    }
    if let name = command.netns {
        do {
            try enterNetworkNamespace(name)
        } catch {
            FileHandle.standardError.write(Data("error: \(error)\n".utf8))
            exit(3)
        }
    }
    let logger = Logger(label: "sluiced")
    Task {
        do {
            try await serve(command, logger)
            exit(0)
        } catch {
            logger.critical("\(error)")
            exit(3)
        }
    }
    dispatchMain()
}

/// Wires the services and runs them until one fails or a signal ends them.
private func serve(_ command: DaemonCommand, _ logger: Logger) async throws {
    let copies = CopyKeeper(folder: command.captureDir, logger: logger)
    let names = NameFollower(server: try command.parsedNameServer(), logger: logger)
    let sessions = SessionKeeper(syslogPath: command.syslogSocket, logger: logger)
    let log = FirewallLogKeeper(sessions: sessions, syslogPath: command.syslogSocket, logger: logger)
    let keeper = ProgramKeeper(
        folder: command.configDir,
        management: try command.parsedManagement(),
        names: names,
        log: log,
        sessions: sessions,
        copies: copies,
        logger: logger
    )
    let (address, port) = try command.parsedMetrics()
    var services: [any Service] = [
        KeeperService(keeper: keeper),
        ThreadService(name: "log", run: log.run, stop: log.stop),
        ThreadService(name: "sessions", run: sessions.run, stop: sessions.stop),
        ThreadService(name: "names", run: names.run, stop: names.stop),
        ThreadService(name: "copies", run: copies.run, stop: copies.stop),
        PageService(address: address, port: port, keeper: keeper, logger: logger),
    ]
    if let path = command.controlSocket { services.append(ControlService(path: path, keeper: keeper, logger: logger)) }
    let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
    )
    try await group.run()
}
