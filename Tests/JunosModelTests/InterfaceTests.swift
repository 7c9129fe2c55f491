// SPDX-License-Identifier: Apache-2.0
// Which device a unit is and what hangs on it: DESIGN §3.21, filters reference §5.1.
import JunosModel
import NetworkTypes
import Testing

@Suite
struct InterfaceTests {
    @Test(arguments: [
        ("eth0 { unit 0; }", "eth0"),
        ("eth0 { unit 7 { vlan-id 100; } }", "eth0.100"),
        ("eth0 { unit 0 { vlan-id 100; } }", "eth0.100"),
        ("ge-0/0/0 { apply-macro linux { device eth1; } unit 0; }", "eth1"),
        ("ge-0/0/0 { apply-macro linux { device eth1; } unit 5 { vlan-id 9; } }", "eth1.9"),
        ("ge-0/0/0 { unit 5 { apply-macro linux { device wan; } } }", "wan"),
        ("irb { unit 10 { apply-macro linux { device br10; } } }", "br10"),
        ("ae0 { apply-macro linux { device bond0; } unit 0; }", "bond0"),
        ("wlan0 { unit 0; }", "wlan0"),
    ])
    func `a unit is this Linux device`(_ text: String, _ device: String) {
        let result = extract("interfaces { \(text) }")
        #expect(result.errors == [])
        #expect(result.configuration.interfaces.map(\.device) == [device])
    }

    @Test(arguments: [
        "ge-0/0/0 { unit 0; }", "irb { unit 0; }", "reth0 { unit 0; }", "st0 { unit 0; }", "ae12 { unit 0; }",
        "fxp0 { unit 0; }", "eth0 { unit 1; }", "a-very-long-name { unit 0; }",
        "twelve-chars { unit 0 { vlan-id 1000; } }",
        "lo { unit 0; }",
    ])
    func `a unit without a device is refused`(_ text: String) {
        let result = extract("interfaces { \(text) }")
        #expect(result.errors == ["no-linux-device"])
        #expect(result.configuration.interfaces.map(\.device) == [nil])
    }

    @Test(arguments: [
        ("eth0 { unit 0; unit 1 { apply-macro linux { device eth0; } } }", "duplicate-device"),
        ("eth0 { unit 1 { vlan-id 5; } unit 2 { vlan-id 5; } }", "duplicate-device"),
        ("eth0 { unit x; }", "invalid-value"),
        ("eth0 { unit 0 { vlan-id 4095; } }", "invalid-value"),
        ("eth0 { unit 0 { apply-macro linux { device a/b; } } }", "invalid-value"),
        ("eth0 { unit 0 { family inet { address 2001:db8::1/64; } } }", "invalid-value"),
        ("eth0 { unit 0 { family inet { rpf-check; } } }", "unsupported-statement"),
        ("eth0 { unit 0 { family inet { policer { input p; } } } }", "undefined-policer"),
        ("eth0 { unit 0 { family inet { frobnicate; } } }", "unknown-statement"),
        ("eth0 { unit 0 { family inet { filter { frobnicate F; } } } }", "unknown-statement"),
        ("eth0 { unit 0 { family inet { filter { input-chain F; } } } }", "unsupported-statement"),
        ("eth0 { unit 0 { family bridge { filter { input F; } } } }", "unsupported-statement"),
        ("interface-range r { member eth0; unit 0; }", "unsupported-statement"),
    ])
    func `what is wrong with an interface is refused`(_ text: String, _ code: String) {
        #expect(extract("interfaces { \(text) }").errors == [code])
    }

    @Test
    func `everything that hangs on a unit is found`() throws {
        let result = extract(
            """
            firewall {
                family inet { filter F { term a { then accept; } } filter G { term a { then accept; } } }
                family inet6 { filter F { term a { then accept; } } }
                family any { filter A { term a { then accept; } } }
            }
            interfaces {
                eth0 {
                    mtu 1514;
                    apply-macro linux { offload exact; }
                    unit 0 {
                        filter { input A; }
                        family inet {
                            address 192.0.2.1/24;
                            address 192.0.2.9/24 { primary; }
                            filter { group 7; input-list [ F G ]; output G; }
                        }
                        family inet6 { mtu 1280; filter { input F; } }
                    }
                }
                lo0 { unit 0 { family inet { filter { input F; } address 10.0.0.1/32; } } }
            }
            """
        )
        #expect(result.errors == [])
        let wire = try #require(result.configuration.interfaces.first)
        #expect(wire.name == "eth0.0")
        #expect(wire.mtu == 1280)
        #expect(wire.isOffloadExact)
        #expect(wire.families[.any]?.input?.filters == ["A"])
        #expect(wire.families[.inet]?.addresses.map(\.description) == ["192.0.2.1/24", "192.0.2.9/24"])
        #expect(wire.families[.inet]?.input?.filters == ["F", "G"])
        #expect(wire.families[.inet]?.input?.isList == true)
        #expect(wire.families[.inet]?.output?.filters == ["G"])
        #expect(wire.families[.inet]?.output?.isList == false)
        #expect(wire.families[.inet]?.group == 7)
        #expect(wire.families[.inet6]?.input?.filters == ["F"])
        let engine = try #require(result.configuration.interfaces.last)
        #expect(engine.isRoutingEngine)
        #expect(engine.device == nil)
        #expect(engine.families[.inet]?.input?.filters == ["F"])
    }

    @Test(arguments: [
        ("mtu 1514; unit 0;", 1500), ("mtu 1518; unit 0 { vlan-id 5; }", 1500),
        ("mtu 9014; unit 0 { family inet { mtu 1400; } }", 1400),
    ])
    func `the MTU of a physical interface counts the Ethernet header`(_ text: String, _ mtu: Int) {
        #expect(extract("interfaces { eth0 { \(text) } }").configuration.interfaces.map(\.mtu) == [mtu])
    }
}
