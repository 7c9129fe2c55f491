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
    /// `flow tcp-session no-syn-check` and `no-sequence-check`.
    let checksAreOff: (syn: Bool, sequence: Bool)

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
        checksAreOff = (security.noSYNCheck, security.noSequenceCheck)
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

    /// Whether a name, through sets, leads to an application that only an RPC gateway could recognise.
    func needsGateway(_ name: String) -> Bool {
        guard applications.applications[name] == nil, applications.sets[name] == nil else { return false }
        if let application = predefinedApplications[name] { return application.terms.isEmpty }
        return predefinedApplicationSets[name]?.contains { predefinedApplications[$0]?.terms.isEmpty ?? false } ?? false
    }
}
