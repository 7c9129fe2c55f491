// SPDX-License-Identifier: Apache-2.0
// `offload exact`: merging of packets is turned off where it stands, recorded, and given back (DESIGN §3.23).
import Diagnostics
import Engine
import Foundation
import Netlink
import Testing

/// A router that counts on two interfaces, and asks for each packet by itself on some.
private func counting(exact devices: [String]) -> String {
    let interfaces = ["veth1", "veth2"].map { device in
        "\(device) { \(devices.contains(device) ? "apply-macro linux { offload exact; }" : "") "
            + "unit 0 { family inet { filter { input F; } address 10.1.0.1/24; } } }"
    }
    return "interfaces { \(interfaces.joined(separator: " ")) } "
        + "firewall { family inet { filter F { term a { then { count a; accept; } } } } }"
}

/// What devices do, by device and word.
private func settings() throws -> [String: [String: UInt32]] {
    var settings = try PacketMergingSettings()
    var result: [String: [String: UInt32]] = [:]
    for device in ["veth1", "veth2"] {
        for merging in PacketMerging.allCases {
            result[device, default: [:]][merging.rawValue] = try? settings.value(of: merging, at: device)
        }
    }
    return result
}

@Suite struct `Merged packets` {
    @Test func `the commit check tells where filters see merged packets`() throws {
        let told = try compiled(counting(exact: ["veth2"])).diagnostics.filter { $0.code == "merged-packets" }
        #expect(told.map(\.path) == ["interfaces veth1 unit 0"])
        #expect(told.map(\.severity) == [.notice])
    }

    @Test(.timeLimit(.minutes(2))) func `applying turns merging off, and what follows gives it back`() throws {
        try inNewNetworkNamespace {
            defer { forgetRecordedState() }
            try run("/sbin/ip", ["link", "add", "veth1", "type", "veth", "peer", "name", "veth2"])
            let before = try settings()
            #expect(before["veth1"]?.values.contains { $0 > 1 } == true, "\(before)")
            func apply(_ devices: [String]) throws {
                let router = try Router(holder: "test")
                let compiled = try router.compile([
                    ConfigurationSource(name: "test", text: counting(exact: devices))
                ])
                let outcome = try router.apply(compiled) { _ in }
                #expect(!outcome.warnings.contains { $0.contains("offload") }, "\(outcome.warnings)")
            }
            try apply(["veth1"])
            let exact = try settings()
            for merging in PacketMerging.allCases {
                guard let value = exact["veth1"]?[merging.rawValue] else { continue }
                #expect(value == merging.exactValue, "\(merging)")
            }
            #expect(exact["veth2"] == before["veth2"])
            // Another commit moves it, and does not take what we set for what was there.
            try apply(["veth1", "veth2"])
            try apply(["veth2"])
            #expect(try settings()["veth1"] == before["veth1"])
            _ = try Router(holder: "test").remove()
            #expect(try settings() == before)
        }
    }
}
