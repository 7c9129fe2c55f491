// SPDX-License-Identifier: Apache-2.0
// Everything that lives in a sandbox's namespace, and the order in which an experiment uses it.
import CNetfilterShims
import Glibc
import Netlink
import NetworkTypes
import NftablesIR
import NftablesKernel

/// The inside of a sandbox.
///
/// INVARIANT for `@unchecked Sendable`: made and used only by work on the sandbox's one thread; others hold it, and may
/// let it go, which only closes descriptors.
final class SandboxInterior: @unchecked Sendable {
    private let devices: [TunDevice]
    private let deviceNames: [UInt32: String]
    private let deviceNumbers: [String: UInt32]
    private let sender: RawSender
    private let recorder: PassageRecorder
    private var routes: HostRoutes
    private var nftables: NftablesConnection
    private(set) var settings = KernelSettings()
    var sessions: SessionTable
    private var observers: [String: Observer] = [:]
    private var loaded: (family: TableFamily, name: String)?
    private var lastCounters: [String: CounterValue] = [:]
    private var descriptors: [pollfd]

    init(
        _ interfaces: [SandboxInterface],
        forwardsIPv4: Bool,
        forwardsIPv6: Bool,
        _ sysctls: [String: String]
    ) throws {
        nftables = try NftablesConnection()
        try nftables.send(Batch(creating: ObserverTable.permanent))
        try settings.apply(forwardsIPv4: forwardsIPv4, forwardsIPv6: forwardsIPv6, sysctls)
        devices = try interfaces.map { try TunDevice(name: $0.name) }
        descriptors = devices.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        var links = try Links()
        let loopback = unsafe if_nametoindex("lo")
        try links.setUp("lo", index: loopback, mtu: nil)
        // The stack needs some IPv6 address of its own to answer from where the devices have none (RFC 6666 prefix).
        if let discard = Prefix("100::1/128") { try links.add(discard, to: "lo", index: loopback) }
        for (device, interface) in zip(devices, interfaces) {
            try links.setUp(device.name, index: device.index, mtu: interface.mtu)
            for address in interface.addresses { try links.add(address, to: device.name, index: device.index) }
        }
        for interface in interfaces {
            for prefix in interface.addresses { try links.waitUntilLocal(prefix.address) }
        }
        deviceNumbers = Dictionary(devices.map { ($0.name, $0.index) }) { first, _ in first }
        deviceNames = Dictionary(devices.map { ($0.index, $0.name) } + [(loopback, "lo")]) { first, _ in first }
        routes = try HostRoutes(links, loopback: loopback)
        sender = try RawSender()
        sessions = try SessionTable()
        recorder = try PassageRecorder()
        try recorder.listen(to: ObserverTable.group)
        try observe(nil)
    }

    // MARK: Programs

    func load(_ table: Table, isObserved: Bool) throws {
        // Planned before anything is touched: a table that leaves no room for observers changes nothing.
        if isObserved { _ = try ObserverTable(of: table) }
        if let loaded { try nftables.send(Batch(loaded.family, loaded.name, [.deleteTable])) }
        loaded = nil
        if isObserved { try observe(table) } else { try stopObserving() }
        try nftables.send(Batch(creating: table))
        loaded = (table.family, table.name)
        lastCounters = try counters()
        try settings.applyPending()
        for group in Self.logGroups(of: table) { try recorder.listen(to: group) }
    }

    /// Replaces the observers.
    private func observe(_ table: Table?) throws {
        let plan = try ObserverTable(of: table)
        try stopObserving()
        try nftables.send(Batch(creating: plan.table))
        observers = plan.observers
    }

    private func stopObserving() throws {
        if !observers.isEmpty { try nftables.send(Batch(.inet, ObserverTable.name, [.deleteTable])) }
        observers = [:]
    }

    private static func logGroups(of table: Table) -> Set<UInt16> {
        var groups: Set<UInt16> = []
        for chain in table.chains.values {
            for rule in chain.rules {
                for case .log(let log) in rule.expressions { groups.insert(log.group) }
            }
        }
        return groups
    }

    func read() throws -> Table {
        guard let loaded, let table = try nftables.readTable(loaded.family, loaded.name) else {
            throw LaboratoryError(.invalid, "read the table of a sandbox into which none was loaded")
        }
        return table
    }

    func counters() throws -> [String: CounterValue] {
        guard let loaded else { return [:] }
        return try nftables.counters(loaded.family, loaded.name)
    }

    func observerCounters() throws -> [String: CounterValue] {
        let delivered = try nftables.counters(.inet, ObserverTable.permanentName)
        guard !observers.isEmpty else { return delivered }
        return try nftables.counters(.inet, ObserverTable.name).merging(delivered) { first, _ in first }
    }

    // MARK: Packets

    func inject(_ injection: Injection, readsCounters: Bool) throws -> Observation {
        guard !observers.isEmpty else {
            throw LaboratoryError(.invalid, "observe a packet in a table that was loaded without observers")
        }
        let evidence = try send(injection)
        var observation = evidence.conclusion(about: injection.packet, observers: observers)
        if readsCounters { observation.counters = try changedCounters() }
        return observation
    }

    /// Sends packets in and looks only at what comes out and what logs them.
    func pass(_ injections: [Injection]) throws -> [PassedPacket] {
        try injections.map { injection in
            let evidence = try send(injection)
            return PassedPacket(fate: evidence.fate(of: injection.packet), logs: evidence.logs)
        }
    }

    private func send(_ injection: Injection) throws -> Evidence {
        // Nothing of an earlier packet may be taken for this one's effect.
        _ = try emissions()
        _ = try recorder.reports()
        try route(injection)
        switch injection.arrival {
        case .device(let name): try device(name).write(injection.packet)
        case .router: _ = sender.send(injection.packet)
        }
        return Evidence(reports: try recorder.reports(), emissions: try emissions(), devices: deviceNames)
    }

    private func device(_ name: String) throws(LaboratoryError) -> TunDevice {
        guard let device = devices.first(where: { $0.name == name }) else {
            throw LaboratoryError(.invalid, "use the device \(name): this sandbox has none of that name")
        }
        return device
    }

    /// Sets the routes to the packet's destination and, for answers, back to where it comes from.
    private func route(_ injection: Injection) throws {
        let header = injection.packet.header
        // With source and destination alike there is one route, the one to the destination.
        if header.source != header.destination {
            switch injection.arrival {
            case .device(let name): try routes.set(header.sourceAddress, .device(index: try device(name).index))
            case .router: try routes.set(header.sourceAddress, .local)
            }
        }
        switch injection.departure {
        case .device(let name): try routes.set(header.destinationAddress, .device(index: try device(name).index))
        case .local: try routes.set(header.destinationAddress, .local)
        case .routed: try routes.set(header.destinationAddress, nil)
        }
    }

    /// What has left by devices and was not read yet.
    private func emissions() throws -> [Observation.Emission] {
        var result: [Observation.Emission] = []
        guard unsafe poll(&descriptors, nfds_t(descriptors.count), 0) > 0 else { return result }
        for (device, descriptor) in zip(devices, descriptors) where descriptor.revents & Int16(POLLIN) != 0 {
            while let packet = try device.read() {
                result.append(Observation.Emission(device: device.name, packet: packet))
            }
        }
        return result
    }

    private func changedCounters() throws -> [String: CounterValue] {
        let now = try counters()
        defer { lastCounters = now }
        var changed: [String: CounterValue] = [:]
        for (name, value) in now {
            let before = lastCounters[name] ?? CounterValue()
            guard value != before else { continue }
            changed[name] = CounterValue(
                packets: value.packets &- before.packets,
                bytes: value.bytes &- before.bytes
            )
        }
        return changed
    }
}
