// SPDX-License-Identifier: Apache-2.0
// What commits do to live sessions in the kernel: the table of the flow reference, §6.5, and traps 14, 15, 16, 33.
import Conntrack
import Engine
import JunosModel
import Laboratory
import NetworkTypes
import ReferenceEvaluator
import Testing

/// What becomes of the one session.
private enum SessionFate: Hashable {
    case closed
    /// It lives on under that policy.
    case owned(String)
}

/// A row of §6.5: the same change in the three modes.
private struct Row: Sendable {
    var name: String
    var before: String
    var after: String
    /// Without a statement, with `policy-rematch`, with `extensive`.
    var fates: (none: SessionFate, changed: SessionFate, extensive: SessionFate)

    init(
        _ name: String,
        _ before: [String],
        _ after: [String],
        _ none: SessionFate,
        _ changed: SessionFate,
        _ extensive: SessionFate,
        more: (before: String, after: String) = ("", ""),
        rest: (before: String, after: String) = ("", "")
    ) {
        self.name = name
        self.before = TrapRouter.text(before, "MODE \(more.before)", rest.before)
        self.after = TrapRouter.text(after, "MODE \(more.after)", rest.after)
        fates = (none, changed, extensive)
    }
}

private let syslog = TrapRouter.policy("U1", application: "junos-syslog")
private let book = "security { address-book { global { address A ADDRESS; } } }"
private let application = "applications { application LOG { protocol udp; destination-port PORT; } }"
private let global =
    "global { policy G { match { source-address any; destination-address any; application any; ZONES } then { permit; } } }"

private func edited(_ name: String, _ application: String = "any", _ action: String = "permit;") -> String {
    TrapRouter.policy(name, application: application, then: action)
}

/// The session of all rows: 10.1.0.5:4000 to 203.0.113.9:514 over UDP.
private let datagram = """
    {"in":"t0","out":"u0","protocol":"udp","source":"10.1.0.5","destination":"203.0.113.9","source-port":4000,\
    "destination-port":514}
    """

private let rows: [Row] = [
    Row(
        "match edited, still matches",
        [syslog],
        [edited("U1", "[ junos-syslog junos-ntp ]")],
        .owned("U1"),
        .owned("U1"),
        .owned("U1")
    ),
    Row("match edited, no longer matches", [syslog], [edited("U1", "junos-ntp")], .owned("U1"), .closed, .closed),
    Row(
        "the same, and another one permits",
        [syslog],
        [edited("U1", "junos-ntp"), edited("U2")],
        .owned("U1"),
        .closed,
        .owned("U2")
    ),
    Row("permit to deny", [syslog], [edited("U1", "junos-syslog", "deny;")], .owned("U1"), .closed, .closed),
    Row("permit to reject", [syslog], [edited("U1", "junos-syslog", "reject;")], .owned("U1"), .closed, .closed),
    Row(
        "permit to deny, and another one permits before it",
        [syslog],
        [edited("U0"), edited("U1", "junos-syslog", "deny;")],
        .owned("U1"),
        .closed,
        .owned("U0")
    ),
    Row(
        "permit to deny, and another one would permit behind it",
        [syslog],
        [edited("U1", "junos-syslog", "deny;"), edited("U2")],
        .owned("U1"),
        .closed,
        .closed
    ),
    Row(
        "log and count",
        [syslog],
        [edited("U1", "junos-syslog", "permit; log { session-init; } count;")],
        .owned("U1"),
        .owned("U1"),
        .owned("U1")
    ),
    Row(
        "a deny inserted above",
        [syslog],
        [edited("X", "any", "deny;"), syslog],
        .owned("U1"),
        .owned("U1"),
        .owned("U1")
    ),
    Row(
        "a deny moved above",
        [syslog, edited("X", "any", "deny;")],
        [edited("X", "any", "deny;"), syslog],
        .owned("U1"),
        .owned("U1"),
        .closed
    ),
    Row(
        "a permit moved above",
        [syslog, edited("X")],
        [edited("X"), syslog],
        .owned("U1"),
        .owned("U1"),
        .owned("X")
    ),
    Row(
        "others moved",
        [syslog, edited("X"), edited("Y")],
        [syslog, edited("Y"), edited("X")],
        .owned("U1"),
        .owned("U1"),
        .owned("U1")
    ),
    Row("renamed", [syslog], [edited("U9", "junos-syslog")], .closed, .closed, .owned("U9")),
    Row("deactivated", [syslog], ["inactive: " + syslog], .closed, .closed, .closed),
    Row(
        "deactivated, and another one permits",
        [syslog],
        ["inactive: " + syslog, edited("U2")],
        .closed,
        .closed,
        .owned("U2")
    ),
    Row("deleted", [syslog], [], .closed, .closed, .closed),
    Row(
        "deleted with another one left",
        [syslog, edited("U2", "junos-ntp")],
        [edited("U2", "junos-ntp")],
        .closed,
        .closed,
        .closed
    ),
    Row(
        "its address edited",
        [TrapRouter.policy("U1", source: "A")],
        [TrapRouter.policy("U1", source: "A")],
        .owned("U1"),
        .closed,
        .closed,
        rest: (book.replacing("ADDRESS", with: "10.1.0.0/24"), book.replacing("ADDRESS", with: "10.9.0.0/24"))
    ),
    Row(
        "its address edited, still inside",
        [TrapRouter.policy("U1", source: "A")],
        [TrapRouter.policy("U1", source: "A")],
        .owned("U1"),
        .owned("U1"),
        .owned("U1"),
        rest: (book.replacing("ADDRESS", with: "10.1.0.0/24"), book.replacing("ADDRESS", with: "10.1.0.0/25"))
    ),
    Row(
        "its application edited",
        [edited("U1", "LOG")],
        [edited("U1", "LOG"), edited("U2")],
        .owned("U1"),
        .closed,
        .owned("U2"),
        rest: (application.replacing("PORT", with: "514"), application.replacing("PORT", with: "515"))
    ),
    Row(
        "default policy, permit-all to deny-all",
        [],
        [],
        .closed,
        .closed,
        .closed,
        more: ("default-policy { permit-all; }", "default-policy { deny-all; }")
    ),
    Row(
        "default policy, and a policy takes over",
        [],
        [edited("U2")],
        .closed,
        .closed,
        .owned("U2"),
        more: ("default-policy { permit-all; }", "")
    ),
    Row(
        "zones of a global policy edited",
        [],
        [],
        .owned("G"),
        .closed,
        .closed,
        more: (global.replacing("ZONES", with: ""), global.replacing("ZONES", with: "from-zone dmz;"))
    ),
    Row(
        "zones of a global policy named",
        [],
        [],
        .owned("G"),
        .owned("G"),
        .owned("G"),
        more: (global.replacing("ZONES", with: ""), global.replacing("ZONES", with: "from-zone trust;"))
    ),
    Row(
        "from a context to a global policy",
        [syslog],
        [],
        .closed,
        .closed,
        .owned("G"),
        more: ("", global.replacing("ZONES", with: ""))
    ),
]

@Suite(.serialized, .timeLimit(.minutes(3))) struct SessionRematchTests {
    @Test func `each row of the table holds in each mode`() throws {
        let bench = try SessionBench(rows[0].before.replacing("MODE", with: ""))
        for row in rows {
            let modes = [
                ("", row.fates.none), ("policy-rematch;", row.fates.changed),
                ("policy-rematch { extensive; }", row.fates.extensive),
            ]
            for (mode, fate) in modes {
                let what: Comment = "\(row.name), mode '\(mode)'"
                let after = row.after.replacing("MODE", with: mode)
                try bench.reset()
                try bench.apply(row.before.replacing("MODE", with: mode))
                #expect(try bench.send(datagram, datagram) == [true, true], what)
                try #require(try bench.sessions().count == 1, what)
                let outcome = try bench.apply(after)
                let owners = try bench.owners()
                switch fate {
                case .closed:
                    #expect(owners.isEmpty, "\(what)")
                    #expect(outcome.sessions.closed == 1, what)
                    // The next datagram is a first packet again.
                    var model = ReferenceEvaluator(try compiled(after).configuration)
                    let vectors = try readPacketVectors(datagram, file: "test")
                    let isAccepted = try model.evaluate(vectors[0]).verdict == .accept
                    #expect(try bench.send(datagram) == [isAccepted], what)
                case .owned(let name):
                    #expect(owners == [name], what)
                    #expect(outcome.sessions.closed == 0, what)
                    // The fast path asks nobody: no hit more.
                    let hits = try bench.hits()
                    #expect(try bench.send(datagram) == [true], what)
                    #expect(try bench.hits() == hits, what)
                }
            }
        }
    }

    @Test func `traps 14, 15 and 16: a one-way session, its policy deleted, denied, and rematched`() throws {
        let bench = try SessionBench(TrapRouter.text([syslog]))
        try bench.apply(TrapRouter.text([syslog]))
        #expect(try bench.send(datagram, datagram, datagram, datagram, datagram) == [true, true, true, true, true])
        #expect(try bench.sessions().count == 1)
        #expect(try bench.hits()["U1"] == 1)
        // 15: denied without rematch, it runs on.
        let denied = edited("U1", "junos-syslog", "deny;")
        try bench.apply(TrapRouter.text([denied]))
        #expect(try bench.send(datagram) == [true])
        // 16: the statement alone makes up for it.
        try bench.apply(TrapRouter.text([denied], "policy-rematch;"))
        #expect(try bench.sessions().isEmpty)
        #expect(try bench.send(datagram) == [false])
        #expect(try bench.hits()["U1"] == 2, "the denied first packet is a hit, the re-look-up is none")
        // 14: deleted.
        try bench.apply(TrapRouter.text([syslog]))
        #expect(try bench.send(datagram) == [true])
        try bench.apply(TrapRouter.text([]))
        #expect(try bench.sessions().isEmpty)
        #expect(try bench.send(datagram) == [false])
    }

    @Test func `trap 33: an edited address stops new sessions alone`() throws {
        func text(_ prefix: String) -> String {
            TrapRouter.text([TrapRouter.policy("U1", source: "A")], "", book.replacing("ADDRESS", with: prefix))
        }
        let bench = try SessionBench(text("10.1.0.0/24"))
        try bench.apply(text("10.1.0.0/24"))
        #expect(try bench.send(datagram) == [true])
        try bench.apply(text("10.9.0.0/24"))
        #expect(try bench.send(datagram) == [true])
        let other = datagram.replacing("\"source-port\":4000", with: "\"source-port\":4001")
        #expect(try bench.send(other) == [false])
    }

    @Test func `a number is given again only once its sessions are gone`() throws {
        let texts = ["U1", "U2", "U3", "U4"].map { TrapRouter.text([edited($0)]) }
        let bench = try SessionBench(texts[0])
        func number(_ name: String) throws -> UInt16? {
            try bench.thread.run { try RecordedState.peek() }.policies.first { $0.identity[2] == name }?.index
        }
        try bench.apply(texts[0])
        let first = try #require(try number("U1"))
        try bench.apply(texts[1])
        #expect(try number("U2") != first, "packets on their way may still carry the old number")
        // A session that escaped: it carries the number of U1.
        #expect(try bench.send(datagram) == [true])
        try bench.thread.run {
            var connection = try ConntrackConnection()
            for session in try connection.sessions() {
                _ = try connection.setMark(of: session, to: MarkFilter(UInt32(first), mask: 0xffff))
            }
        }
        // Its owner is nobody's policy: the next commit closes it; until then the number is not free.
        try bench.apply(texts[2])
        #expect(try number("U3") != first)
        #expect(try bench.sessions().isEmpty)
        try bench.apply(texts[3])
        #expect(try number("U4") == first)
    }

    @Test func `leaving flow mode closes the family's sessions`() throws {
        let bench = try SessionBench(TrapRouter.text([syslog]))
        try bench.apply(TrapRouter.text([syslog]))
        #expect(try bench.send(datagram) == [true])
        try bench.apply(TrapRouter.frame + "security { forwarding-options { family { inet { mode drop; } } } }")
        #expect(try bench.sessions().isEmpty)
    }
}
