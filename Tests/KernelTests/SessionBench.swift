// SPDX-License-Identifier: Apache-2.0
// A router with real sessions: configurations are applied as by `sluice apply`, packets go through the kernel.
import Conntrack
import Engine
import Foundation
import JunosModel
import Laboratory
import NetworkTypes
import NftablesIR
import OperationalMode
import ReferenceEvaluator
import Testing

/// The setup of the traps of the flow reference, §11: trust, untrust and dmz.
enum TrapRouter {
    static let frame = """
        interfaces {
            t0 { unit 0 { family inet { address 10.1.0.1/16; } } }
            u0 { unit 0 { family inet { address 203.0.113.1/24; } } }
            d0 { unit 0 { family inet { address 10.2.0.1/24; } } }
        }
        security {
            zones {
                security-zone trust { interfaces { t0.0; } }
                security-zone untrust { interfaces { u0.0; } }
                security-zone dmz { interfaces { d0.0; } }
            }
        }

        """

    /// `from-zone trust to-zone untrust policy NAME`.
    static func policy(
        _ name: String,
        application: String = "any",
        source: String = "any",
        then action: String = "permit;"
    ) -> String {
        "policy \(name) { match { source-address \(source); destination-address any; application \(application); } "
            + "then { \(action) } }"
    }

    /// A configuration with policies from trust to untrust.
    static func text(_ policies: [String], _ more: String = "", _ rest: String = "") -> String {
        let context = policies.isEmpty ? "" : "from-zone trust to-zone untrust { \(policies.joined(separator: "\n")) }"
        return frame + "security { policies { \(context) \(more) } }\n" + rest
    }
}

/// A sandbox with a router in it.
final class SessionBench {
    let sandbox: Sandbox
    let thread: NetworkNamespaceThread

    init(_ text: String) throws {
        let compiled = try compiled(text)
        sandbox = try makeSandbox(of: compiled.configuration)
        // The sandbox's observers need a program; the first apply finds it there and takes it over.
        try sandbox.load(compiled.table)
        thread = try NetworkNamespaceThread(joining: sandbox.namespacePath)
    }

    deinit {
        try? thread.run { forgetRecordedState() }
        thread.stop()
        sandbox.stop()
    }

    /// Checks, loads and records a configuration in a process's way: nothing is remembered but what is on disk.
    @discardableResult
    func apply(_ text: String, in circumstances: Circumstances? = nil) throws -> CommitOutcome {
        try thread.run {
            let router = try Router(holder: "test")
            let compiled = try router.compile([ConfigurationSource(name: "test.conf", text: text)]) { configuration in
                circumstances ?? currentCircumstances(configuration)
            }
            guard compiled.isValid else { throw WitnessFailure(description: "\(errors(compiled))") }
            return try router.apply(compiled) { _ in }
        }
    }

    /// Forgets everything: sessions, program, what was recorded.
    func reset() throws {
        try thread.run {
            var connection = try ConntrackConnection()
            try connection.deleteAll()
            forgetRecordedState()
        }
    }

    /// Sends packets given as lines of a vector file; whether each one gets through.
    @discardableResult
    func send(_ lines: String...) throws -> [Bool] {
        let vectors = try readPacketVectors(lines.joined(separator: "\n"), file: "test")
        return try sandbox.inject(vectors.map(injection)).map { verdict($0) == .accept }
    }

    func sessions() throws -> [TrackedSession] {
        try thread.run {
            var connection = try ConntrackConnection()
            return try connection.sessions()
        }
    }

    /// The names of the owners of all sessions, by what is recorded.
    func owners() throws -> [String] {
        let marks = try sessions().map { UInt16($0.mark & 0xffff) }
        let recorded = try thread.run { try RecordedState.peek().policies }
        return marks.map { mark in
            switch mark {
            case 1: "self-traffic-policy"
            case 2: "default-policy"
            default: recorded.first { $0.index == mark }?.identity[2] ?? "?\(mark)"
            }
        }
        .sorted()
    }

    /// Hits by policy name.
    func hits() throws -> [String: UInt64] {
        let statistics = try thread.run { Statistics(try Deployment().counters()) }
        return statistics.policies.reduce(into: [:]) { $0[$1.key[2]] = $1.value.packets }
    }
}
