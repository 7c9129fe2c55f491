// SPDX-License-Identifier: Apache-2.0
// How conntrack keeps sessions as `security flow` asks (flow reference §2.2, §2.5, §10.2).
import JunosModel

/// The values of sysctls `nf_conntrack_NAME`, by name.
func conntrackSettings(_ flow: FlowOptions) -> [String: String] {
    var closed = flow.endsOnClose ? "0" : "2"
    var halfClosed = "1800"
    switch flow.timeWait {
    case .seconds(let seconds):
        closed = "\(seconds)"
        if flow.timeWaitCoversHalfClose { halfClosed = closed }
    case .serviceTime: closed = "1800"
    case nil: break
    }
    var settings = [
        // The end of every session is told, also of those that nobody listened to when they began.
        "acct": "1", "timestamp": "1", "checksum": "1", "events": "1",
        "tcp_loose": flow.noSYNCheck ? "1" : "0",
        "tcp_be_liberal": flow.noSequenceCheck ? "1" : "0", "tcp_ignore_invalid_rst": "0",
        "tcp_timeout_established": "1800",
        "tcp_timeout_syn_sent": "\(flow.initialTimeout)", "tcp_timeout_syn_recv": "\(flow.initialTimeout)",
        "tcp_timeout_fin_wait": halfClosed, "tcp_timeout_close_wait": halfClosed, "tcp_timeout_last_ack": "150",
        "tcp_timeout_time_wait": closed, "tcp_timeout_close": flow.endsOnReset ? "0" : "2",
        // What hosts repeat or leave unacknowledged shortens no session.
        "tcp_timeout_max_retrans": "1800", "tcp_timeout_unacknowledged": "1800",
        "udp_timeout": "60", "udp_timeout_stream": "60", "icmp_timeout": "60", "icmpv6_timeout": "60",
        "gre_timeout": "1800", "gre_timeout_stream": "1800", "generic_timeout": "1800",
    ]
    for state in [
        "closed", "cookie_wait", "cookie_echoed", "established", "shutdown_sent", "shutdown_recd", "shutdown_ack_sent",
        "heartbeat_sent",
    ] {
        settings["sctp_timeout_\(state)"] = "1800"
    }
    return settings
}
