// SPDX-License-Identifier: Apache-2.0
// The structure of device hierarchies: `system`, `chassis`, `forwarding-options`, `class-of-service`.

/// The hierarchy `system`.
let systemRules = container(
    "system",
    [
        leaf("host-name domain-name time-zone max-configurations-on-flash max-configuration-rollbacks location"),
        leafList("domain-search authentication-order"),
        list("name-server", style: .block, [leaf("source-address routing-instance")]),
        container(
            "root-authentication",
            [leaf("encrypted-password"), list("ssh-rsa ssh-dsa ssh-ecdsa ssh-ed25519")]
        ),
        flag("no-redirects no-redirects-ipv6 no-ping-record-route no-ping-time-stamp arp"),
        container(
            "login",
            [
                leaf("message announcement idle-timeout"),
                list(
                    "user",
                    [
                        leaf("uid class full-name"),
                        container(
                            "authentication",
                            [leaf("encrypted-password"), list("ssh-rsa ssh-dsa ssh-ecdsa ssh-ed25519")]
                        ),
                    ]
                ),
                list("class", [leafList("permissions"), leaf("idle-timeout allow-commands deny-commands")]),
            ]
        ),
        container(
            "services",
            [
                container(
                    "ssh",
                    presence: true,
                    [
                        leaf("root-login protocol-version connection-limit rate-limit max-sessions-per-connection"),
                        leafList("ciphers macs key-exchange"),
                    ]
                ),
                container("netconf", [container("ssh", presence: true, [leaf("port")]), flag("rfc-compliant")]),
                container("telnet ftp rest", presence: true),
                container(
                    "web-management",
                    [container("http https", presence: true, [leaf("port"), leafList("interface")])]
                ),
            ]
        ),
        container(
            "syslog",
            [
                list("user", syslogRules),
                list("host", syslogRules),
                list("file", syslogRules + [container("archive", presence: true, [leaf("size files")])]),
                list("console", style: .block),
                leaf("source-address"),
            ]
        ),
        container("ntp", [list("server peer", [flag("prefer"), leaf("version key")]), leaf("boot-server")]),
        container("ports"),
        container("processes"),
        container("internet-options"),
    ]
)

private let syslogRules: [[SchemaRule]] = [
    leaf("any authorization change-log conflict-log daemon firewall interactive-commands kernel pfe user external"),
    leaf("port source-address facility-override log-prefix match"),
    flag("explicit-priority"),
    container("structured-data", presence: true),
]

/// The hierarchy `chassis`.
let chassisRules = container(
    "chassis",
    [
        container("aggregated-devices", [container("ethernet", [leaf("device-count")])]),
        leaf("network-services"),
        list("fpc", [list("pic", [list("port", [leaf("speed")]), leaf("number-of-ports pic-mode")])]),
        container(
            "cluster",
            [
                leaf("reth-count heartbeat-interval heartbeat-threshold control-link-recovery"),
                list("redundancy-group", [list("node", [leaf("priority")])]),
            ]
        ),
        container("alarm"),
    ]
)

private let captureFileRules = container(
    "file",
    style: .oneLine,
    [leaf("filename files size stamp"), flag("world-readable no-world-readable")]
)

private let copyInputRules = container(
    "input",
    [leaf("rate run-length maximum-packet-length max-packets-per-second"), container("family")]
)

private let mirrorRules: [[SchemaRule]] = [
    copyInputRules,
    list("family", [container("output", [list("interface", [leaf("next-hop")]), flag("no-filter-check")])]),
    flag("mirror-once"),
    container("traceoptions"),
]

/// The hierarchy `forwarding-options`.
let forwardingOptionsRules = container(
    "forwarding-options",
    [
        container(
            "sampling",
            [
                copyInputRules,
                list("family", [container("output", [captureFileRules, list("flow-server"), list("interface")])]),
                container("output", [captureFileRules, list("flow-server"), list("cflowd"), list("interface")]),
                list("instance"),
                container("traceoptions"),
                flag("disable sample-once"),
            ]
        ),
        container(
            "packet-capture",
            [captureFileRules, leaf("maximum-capture-size"), flag("disable"), container("traceoptions")]
        ),
        container("port-mirroring", mirrorRules + [list("instance", mirrorRules)]),
        container("hash-key"),
        list("family", [container("filter", [leaf("input output")])]),
    ]
)

/// The hierarchy `class-of-service`.
let classOfServiceRules = container(
    "class-of-service",
    [
        container("forwarding-classes", [list("queue"), list("class", [leaf("queue-num priority")])]),
        list("classifiers rewrite-rules code-point-aliases drop-profiles", style: .block),
        flag("tri-color"),
        list("schedulers scheduler-maps", style: .block),
    ]
)
