// SPDX-License-Identifier: Apache-2.0
// A program of the real compiler in a sandbox: observers find room in it, and packets meet the fate that Junos names.
import Diagnostics
import Engine
import Laboratory
import NetworkTypes
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct LaboratoryCompiledTests {
    private static let packetMode = """
        interfaces {
            eth1 { unit 0 { family inet { filter { input web; } address 192.0.2.254/24; } } }
            eth2 { unit 0 { family inet { address 198.51.100.254/24; } } }
        }
        firewall {
            family inet {
                filter web {
                    term telnet { from { protocol tcp; destination-port 23; } then { count telnet; reject tcp-reset; } }
                    term web { from { protocol tcp; destination-port 80; } then { count web; accept; } }
                    term rest { then { count rest; discard; } }
                }
            }
        }
        """

    private static let flowMode = """
        interfaces {
            eth1 { unit 0 { family inet { address 192.0.2.254/24; } } }
            eth2 { unit 0 { family inet { address 198.51.100.254/24; } } }
        }
        security {
            zones {
                security-zone trust { host-inbound-traffic { system-services { ssh; } } interfaces { eth1.0; } }
                security-zone untrust { interfaces { eth2.0; } }
            }
            policies {
                from-zone trust to-zone untrust {
                    policy web {
                        match { source-address any; destination-address any; application junos-http; }
                        then { permit; }
                    }
                }
            }
        }
        """

    private func sandbox(_ text: String) throws -> Sandbox {
        let compiled = compileConfiguration([ConfigurationSource(name: "test", text: text)])
        #expect(compiled.isValid, "\(compiled.diagnostics)")
        let sandbox = try Sandbox(interfaces: threeInterfaces)
        try sandbox.load(compiled.table)
        #expect(try sandbox.read() == compiled.table)
        return sandbox
    }

    @Test func `filters of a plain router decide in the chain of input filters`() throws {
        let sandbox = try sandbox(Self.packetMode)
        let hosts = Hosts(family: .inet)
        let injections = try [80, 23, 443].map {
            Injection(try hosts.tcp($0), from: .device("eth1"), to: .device("eth2"))
        }
        let seen = try sandbox.inject(injections, readsCounters: true)
        #expect(seen.map(\.verdict) == [.accept, .reject(.tcpReset), .discard])
        #expect(seen.map(\.droppingChain) == [nil, "input-filters", "input-filters"])
        for (observation, name) in zip(seen, ["web", "telnet", "rest"]) {
            #expect(observation.counters?.keys.contains { $0.contains("/\(name)/") } == true)
        }
        #expect(try sandbox.sessions() == 0)
    }

    @Test func `policies and host inbound traffic decide with sessions`() throws {
        let sandbox = try sandbox(Self.flowMode)
        let hosts = Hosts(family: .inet)
        let seen = try sandbox.inject([
            Injection(try hosts.tcp(80), from: .device("eth1"), to: .device("eth2")),
            Injection(try hosts.tcp(25), from: .device("eth1"), to: .device("eth2")),
            Injection(try hosts.tcp(22, to: hosts.router), from: .device("eth1"), to: .local),
            Injection(try hosts.tcp(23, to: hosts.router), from: .device("eth1"), to: .local),
        ])
        #expect(seen.map(\.verdict) == [.accept, .discard, .accept, .discard])
        #expect(seen.map(\.droppingChain) == [nil, "transit", nil, "to-routing-engine"])
        #expect(seen[2].isDeliveredLocally)
        #expect(try sandbox.sessions() == 2)
    }
}
