// SPDX-License-Identifier: Apache-2.0
// The firewall of flow reference §11, as text.

/// The policy W1 of flow reference §11.
public let webPolicy =
    "policy W1 { match { source-address any; destination-address any; "
    + "application [ junos-http junos-https ]; } then { permit; } }"

/// A policy for everything, or for one application.
public func policy(_ name: String, _ action: String, for application: String = "any", more: String = "") -> String {
    "policy \(name) { match { source-address any; destination-address any; application \(application); \(more) } "
        + "then { \(action) } }"
}

/// The setup of flow reference §11.
public func trapFirewall(
    _ policies: String = "from-zone trust to-zone untrust { \(webPolicy) }",
    flow: String = "",
    trust: String = "",
    trustInterface: String = "",
    more: String = "",
    top: String = ""
) -> String {
    """
    interfaces {
        t0 { unit 0 { family inet { address 10.1.0.1/16; } family inet6 { address 2001:db8:1::1/64; } } }
        t1 { unit 0 { family inet { address 10.3.0.1/16; } } }
        u0 { unit 0 { family inet { address 203.0.113.1/24; } family inet6 { address 2001:db8:2::1/64; } } }
        d0 { unit 0 { family inet { address 10.2.0.1/24; } } }
        m0 { unit 0 { family inet { address 10.9.0.1/24; } } }
        x0 { unit 0 { family inet { address 10.8.0.1/24; } } }
        lo0 { unit 0 { family inet { address 192.168.255.1/32; } } }
    }
    \(top)
    security {
        forwarding-options { family { inet6 { mode flow-based; } } }
        flow { \(flow) }
        zones {
            security-zone trust { \(trust) interfaces { t0.0 { \(trustInterface) } t1.0; } }
            security-zone untrust { interfaces { u0.0; } }
            security-zone dmz { interfaces { d0.0; } }
            functional-zone management { interfaces { m0.0; } host-inbound-traffic { system-services { ssh; } } }
        }
        policies { \(policies) }
        \(more)
    }
    """
}
