// SPDX-License-Identifier: Apache-2.0
// What this kernel can do, found out by trying: there is no other way to know what was built in.
public import Netlink
import NftablesIR

/// One thing that programs need of the kernel.
public struct KernelFeature: Hashable, Sendable {
    /// Its name, for people.
    public var name: String
    /// A transaction that a kernel which has it takes; it starts from nothing.
    var trial: Batch
}

/// Features that a kernel has not, with its answers.
public struct MissingFeature: Hashable, Sendable {
    /// The feature's name.
    public var name: String
    /// What the kernel said.
    public var reason: String
}

extension NftablesConnection {
    /// Tries every feature by a transaction without an end, which leaves no trace, and gives those that are missing.
    ///
    /// Meant for a namespace without rules of its own: trials use a table named `sluice-probe`.
    public mutating func probeFeatures() throws(NetlinkError) -> [MissingFeature] {
        var missing: [MissingFeature] = []
        for feature in KernelFeature.all {
            do {
                try check(feature.trial)
            } catch {
                if let cause = error.cause { throw cause }
                if error.code == .notPermitted {
                    throw NetlinkError(.refused, operation: "probe the kernel's features", errno: 1)
                }
                let reason = error.explanation(of: feature.trial).joined(separator: "; ")
                missing.append(MissingFeature(name: feature.name, reason: reason))
            }
        }
        return missing
    }
}

extension KernelFeature {
    private static func rule(
        _ name: String,
        _ expressions: [Expression],
        hook: BaseChain.Hook = .forward,
        sets: [NamedSet] = [],
        objects: [ObjectKey: StatefulObject] = [:]
    ) -> KernelFeature {
        var table = Table(family: .inet, name: "sluice-probe", objects: objects)
        let base = BaseChain(hook: hook, priority: 0, policy: .accept)
        table.chains["trial"] = Chain(name: "trial", base: base, rules: [Rule(expressions)])
        for set in sets { table.sets[set.name] = set }
        return KernelFeature(name: name, trial: Batch(creating: table))
    }

    private static func set(_ name: String, _ set: NamedSet) -> KernelFeature {
        rule(name, [], sets: [set], objects: [.counter("c"): .counter])
    }

    private static let address: Expression = .payloadLoad(.network, offset: 12, length: 4, into: .one)

    /// Every feature that programs may need.
    public static let all: [KernelFeature] = [
        rule("inet tables", []),
        rule("meta expression", [.metaLoad(.mark, into: .one), .metaStore(.mark, from: .one)]),
        rule("payload expression", [address]),
        rule(
            "payload rewriting",
            [
                address,
                .payloadStore(
                    .network,
                    offset: 1,
                    length: 1,
                    from: .one,
                    checksumType: 1,
                    checksumOffset: 10,
                    checksumFlags: 0
                ),
            ]
        ),
        rule(
            "extension header expression",
            [.extensionHeader(.ipv6, type: 44, offset: 0, length: 1, testsPresence: true, into: .one)]
        ),
        rule(
            "IP option expression",
            [.extensionHeader(.ipv4Option, type: 131, offset: 0, length: 1, testsPresence: true, into: .one)]
        ),
        rule("ct expression", [.conntrackLoad(.state, direction: nil, into: .one)]),
        rule("ct mark", [.conntrackLoad(.mark, direction: nil, into: .one), .conntrackStore(.mark, from: .one)]),
        rule("notrack", [.notrack], hook: .prerouting),
        rule(
            "range expression",
            [address, .range(.notEqual, .one, RegisterValue([0, 0, 0, 1]), RegisterValue([0, 0, 0, 2]))]
        ),
        rule(
            "bitwise expression",
            [
                address,
                .bitwise(.one, into: .one, mask: RegisterValue([255, 0, 0, 0]), xor: RegisterValue([0, 0, 0, 0])),
            ]
        ),
        rule("byteorder expression", [address, .byteOrder(.one, into: .one, toNetwork: true, length: 4, size: 4)]),
        rule("counter", [.counter]),
        rule("limit", [.limit(Limit(rate: 1, burst: 1, unit: .packets, matchesOver: true))]),
        rule("NFLOG", [.log(LogParameters(group: 21324, prefix: "probe", snapLength: 128))]),
        rule("reject inet", [.reject(.icmpx(code: 1))]),
        rule("counter objects", [.object(.counter("c"))], objects: [.counter("c"): .counter]),
        rule(
            "limit objects",
            [.object(.limit("l"))],
            objects: [.limit("l"): .limit(Limit(rate: 1, burst: 1, unit: .bytes, matchesOver: true))]
        ),
        rule(
            "conntrack timeout objects",
            [.object(.conntrackTimeout("t"))],
            objects: [.conntrackTimeout("t"): .conntrackTimeout(ConntrackTimeout(protocolNumber: 17, seconds: [1, 1]))]
        ),
        rule(
            "object maps",
            [address, .objectMap(set: "m", key: .one)],
            sets: [NamedSet(name: "m", key: .ipv4Address, data: .object(.counter))]
        ),
        rule(
            "verdict maps",
            [address, .verdictMap(set: "m", key: .one)],
            sets: [NamedSet(name: "m", key: .ipv4Address, data: .verdict)]
        ),
        set("interval sets", NamedSet(name: "s", key: .ipv4Address, isInterval: true)),
        set(
            "concatenations with intervals",
            NamedSet(
                name: "s",
                key: SetKeyType(typeNumber: 7 << 6 | 13, length: 8, fieldLengths: [4, 2]),
                isInterval: true
            )
        ),
        set(
            "catch-all elements",
            NamedSet(name: "s", key: .mark, data: .verdict, elements: [SetElement(.catchAll, .verdict(.drop))])
        ),
        KernelFeature(
            name: "nat chains",
            trial: Batch(
                .inet,
                "sluice-probe",
                [
                    .addTable(flags: 0),
                    .addChain("trial", base: BaseChain(kind: .nat, hook: .prerouting, priority: -100, policy: .accept)),
                ]
            )
        ),
        KernelFeature(
            name: "netdev tables",
            trial: Batch(
                .netdev,
                "sluice-probe",
                [
                    .addTable(flags: 0),
                    .addChain("trial", base: BaseChain(hook: .egress, priority: 0, policy: .accept, devices: ["lo"])),
                ]
            )
        ),
        // fib, saddr . iif, result oif into register 1: raw, since no program of ours holds it yet.
        rule(
            "fib expression",
            [
                .unknown(
                    name: "fib",
                    attributes: [8, 0, 1, 0, 0, 0, 0, 1, 8, 0, 2, 0, 0, 0, 0, 1, 8, 0, 3, 0, 0, 0, 0, 9]
                )
            ],
            hook: .prerouting
        ),
    ]
}
