// SPDX-License-Identifier: Apache-2.0
// The metrics of DESIGN §6 from one reading of the kernel's counters.
import Engine
import MetricsExposition
import OperationalMode

/// What the daemon itself counts.
struct DaemonCounts: Hashable, Sendable {
    /// How often the kernel differed from the program.
    var drifts: UInt64 = 0
    /// How often it was brought back.
    var repairs: UInt64 = 0
    /// Configurations that were refused, or that the kernel refused.
    var commitFailures: UInt64 = 0
    /// Whether the last commit succeeded.
    var lastCommitSucceeded = false
}

/// The exposition text.
func metricsPage(
    _ statistics: Statistics,
    sessions: UInt64?,
    _ counts: DaemonCounts,
    _ log: FirewallLogCounts,
    _ sessionCounts: SessionCounts,
    _ copies: CopyCounts
) -> Exposition {
    var families: [MetricFamily] = []
    func filterFamily(_ name: String, _ help: String, _ kind: FilterStatistic.Kind, _ value: (TrafficCount) -> UInt64) {
        let samples = statistics.filters.filter { $0.kind == kind }.map { statistic in
            let named: [(name: String, value: String)] =
                switch kind {
                case .counter: [("counter", statistic.name)]
                case .policer: [("policer", statistic.name)]
                case .implicitDiscard: []
                }
            return MetricSample(
                value(statistic.value),
                labels: [("family", statistic.family), ("filter", statistic.filter)] + named + [
                    ("interface", statistic.interface),
                    ("direction", statistic.direction == "i" ? "input" : "output"),
                    ("pass", statistic.isSecondPass ? "routing-engine" : "packet-forwarding-engine"),
                ]
            )
        }
        families.append(MetricFamily(name, help: help, kind: .counter, samples: samples))
    }
    func single(_ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: UInt64) {
        families.append(
            MetricFamily(name, help: help, kind: kind, samples: [MetricSample(value)])
        )
    }
    filterFamily("sluice_filter_packets_total", "Packets charged to a filter counter.", .counter, \.packets)
    filterFamily("sluice_filter_bytes_total", "Bytes charged to a filter counter.", .counter, \.bytes)
    filterFamily(
        "sluice_filter_implicit_discard_packets_total",
        "Packets that no term of a filter matched.",
        .implicitDiscard,
        \.packets
    )
    filterFamily("sluice_policer_exceeded_packets_total", "Packets beyond a policer's bucket.", .policer, \.packets)
    families.append(
        MetricFamily(
            "sluice_policy_hits_total",
            help: "First packets that a security policy decided.",
            kind: .counter,
            samples: statistics.policies.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, value in
                MetricSample(value.packets, labels: [("from_zone", key[0]), ("to_zone", key[1]), ("policy", key[2])])
            }
        )
    )
    families.append(
        MetricFamily(
            "sluice_flow_drops_total",
            help: "Packets dropped in front of policies, by reason.",
            kind: .counter,
            samples: statistics.drops.sorted { $0.key < $1.key }.map {
                MetricSample($0.value.packets, labels: [("reason", $0.key)])
            }
        )
    )
    families.append(
        MetricFamily(
            "sluice_log_packets_total",
            help: "Packets that statements with logging reported, by what the statement is.",
            kind: .counter,
            samples: [
                ("filter", log.filterPackets), ("policy", log.policyPackets), ("unknown", log.unknownPackets),
            ]
            .map { MetricSample($0.1, labels: [("statement", $0.0)]) }
        )
    )
    single("sluice_log_lost_total", "Reports of packets that were made and did not arrive.", .counter, log.lost)
    single(
        "sluice_syslog_lost_total",
        "Packets and sessions whose lines syslog did not take.",
        .counter,
        log.syslogLost + sessionCounts.syslogLost
    )
    single(
        "sluice_session_events_lost_total",
        "Times that events of sessions did not arrive; a look at all sessions made good for them.",
        .counter,
        sessionCounts.lostEvents
    )
    families.append(
        MetricFamily(
            "sluice_copies_total",
            help: "Packets that terms sampled into a file or mirrored out of a device.",
            kind: .counter,
            samples: [("capture", copies.captured), ("mirror", copies.mirrored)]
                .map { MetricSample($0.1, labels: [("purpose", $0.0)]) }
        )
    )
    single(
        "sluice_copies_lost_total",
        "Copies that did not arrive, or that a file or device did not take.",
        .counter,
        copies.lost
    )
    if let sessions { single("sluice_sessions", "Sessions in the kernel's table.", .gauge, sessions) }
    single("sluice_drift_total", "Times the kernel differed from the program.", .counter, counts.drifts)
    single("sluice_repairs_total", "Times the kernel was brought back to the program.", .counter, counts.repairs)
    single("sluice_commit_failures_total", "Configurations that were refused.", .counter, counts.commitFailures)
    single(
        "sluice_last_commit_success",
        "Whether the last commit succeeded.",
        .gauge,
        counts.lastCommitSucceeded ? 1 : 0
    )
    return Exposition(families)
}
