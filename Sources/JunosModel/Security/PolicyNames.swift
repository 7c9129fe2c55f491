// SPDX-License-Identifier: Apache-2.0
// How names in policies resolve: flow reference §4, §5.1, §6.8.
import Diagnostics

/// The two ends of a policy that have a list of addresses.
enum PolicyEnd {
    case source
    case destination

    /// The keyword of its list.
    var keyword: String { self == .source ? "source-address" : "destination-address" }
}

/// Everything that policies refer to by name.
struct PolicyNames {
    /// Zones that policies may name, without `junos-host`.
    let zones: Set<String>
    /// The zone that policies may not name.
    let managementZones: Set<String>
    /// The book of each zone that has one.
    let books: [String: AddressBook]
    /// The global book.
    let global: AddressBook?
    /// User-defined applications and sets.
    let applications: ExtractedApplications
    /// `schedulers scheduler`.
    let schedulers: Set<String>
    /// `flow`.
    let flow: FlowOptions

    init(security: SecurityConfiguration, applications: ExtractedApplications, schedulers: Set<String>) {
        zones = Set(security.zones.lazy.filter { !$0.isManagement }.map(\.name))
        managementZones = Set(security.zones.lazy.filter(\.isManagement).map(\.name))
        var books: [String: AddressBook] = [:]
        for book in security.addressBooks {
            for zone in book.zones { books[zone] = book }
        }
        self.books = books
        global = security.addressBooks.first { $0.name == "global" && $0.zones.isEmpty }
        self.applications = applications
        self.schedulers = schedulers
        flow = security.flow
    }

    /// The book that decides a name: the zone's, then the global one; in global policies the latter alone.
    func book(for name: String, zone: String?) -> AddressBook? {
        for book in [zone.flatMap { books[$0] }, global] {
            if let book, book.addresses[name] != nil || book.sets[name] != nil { return book }
        }
        return nil
    }

    /// Whether a set, through all its members, holds no address.
    func isEmpty(_ name: String, in book: AddressBook) -> Bool {
        guard let members = book.sets[name] else { return false }
        return members.isEmpty
    }

    /// Protocols of an application, or of a set's members, whose idle time it sets and that cannot have one of their own:
    /// conntrack keeps one time for all protocols that it does not know (flow reference §10.1 fact 10).
    func protocolsWithoutIdleTime(_ name: String) -> [UInt8] {
        var result: Set<UInt8> = []
        var seen: Set<String> = []
        var pending = [name]
        while let next = pending.popLast() {
            guard seen.insert(next).inserted else { continue }
            if let application = applications.applications[next] {
                result.formUnion(Self.protocolsWithoutIdleTime(application))
            } else if let members = applications.sets[next] {
                pending += members
            } else if let application = predefinedApplications[next] {
                result.formUnion(Self.protocolsWithoutIdleTime(application))
            } else {
                pending += predefinedApplicationSets[next] ?? []
            }
        }
        return result.sorted()
    }

    private static func protocolsWithoutIdleTime(_ application: Application) -> [UInt8] {
        guard let idle = application.inactivityTimeout, idle != 1800 else { return [] }
        return application.terms.compactMap(\.protocolNumber).filter { !protocolsWithIdleTimes.contains($0) }
    }

    /// ICMP, TCP, UDP, GRE, ICMPv6, SCTP, UDP-Lite.
    private static let protocolsWithIdleTimes: Set<UInt8> = [1, 6, 17, 47, 58, 132, 136]

    /// Whether a name, through sets, leads to an application that only an RPC gateway could recognise.
    func needsGateway(_ name: String) -> Bool {
        guard applications.applications[name] == nil, applications.sets[name] == nil else { return false }
        if let application = predefinedApplications[name] { return application.terms.isEmpty }
        return predefinedApplicationSets[name]?.contains { predefinedApplications[$0]?.terms.isEmpty ?? false } ?? false
    }
}
