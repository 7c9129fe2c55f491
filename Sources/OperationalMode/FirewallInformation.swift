// SPDX-License-Identifier: Apache-2.0
// Filters with their counters and policers: names and layout of filters reference §5.5, §6.1 and §6.3.
import JunosModel

/// What `show firewall` and its relatives show.
struct FirewallInformation: OperationalView {
    /// One row.
    struct Row: Hashable {
        /// As shown.
        var name: String
        /// Without the interface.
        var plainName: String
        /// The sum of what is shown under that name.
        var count: TrafficCount
        /// The counters behind it.
        var keys: Set<String>
    }

    /// One filter instance.
    struct Filter: Hashable {
        /// As shown: with the interface where it has an instance a interface.
        var name: String
        /// The name in the configuration; that of a list's instance for a list.
        var configuredName: String
        /// Its counters, by name.
        var counters: [Row] = []
        /// The packets beyond its policers, by name.
        var policers: [Row] = []
        /// Counters of the second evaluation of packets to the router (DESIGN §3.1).
        var secondPass: [Row] = []
        /// Members of its arrays, which have a view of their own; in order of their numbers.
        var members: [PrefixActionMember] = []
    }

    /// The filters, in order of their names.
    var filters: [Filter]
    /// Packets beyond policers that stand at interfaces without a filter; `show policer` has them.
    var interfacePolicers: [Row] = []

    /// All filters that are at work.
    init(_ configuration: JunosConfiguration, _ statistics: Statistics) {
        var places: [Place: Int] = [:]
        var filters: [Filter] = []
        var families: [String] = []
        let arrays = prefixActionArrays(configuration)
        for statistic in statistics.filters {
            if statistic.filter == interfacePolicerOwner {
                interfacePolicers.append(interfacePolicerRow(statistic))
                continue
            }
            let (name, suffix) = instanceName(of: statistic, configuration)
            // Names are per family: two filters of one name are two filters (filters reference §5.1).
            let place = Place(family: statistic.family, name: name)
            let index = places[place] ?? filters.count
            if index == filters.count {
                places[place] = index
                filters.append(Filter(name: name, configuredName: statistic.filter))
                families.append(statistic.family)
            }
            // A filter without counters is shown all the same: its implicit discard tells that it is at work.
            let row = Row(
                name: statistic.name + suffix,
                plainName: statistic.name,
                count: statistic.value,
                keys: [statistic.key]
            )
            if let member = PrefixActionMember(row, isPolicer: statistic.kind == .policer, of: arrays) {
                filters[index].members.append(member)
                continue
            }
            switch (statistic.kind, statistic.isSecondPass) {
            case (.counter, false): filters[index].counters.append(row)
            case (.counter, true): filters[index].secondPass.append(row)
            case (.policer, _): filters[index].policers.append(row)
            case (.implicitDiscard, _): break
            }
        }
        self.filters = zip(families, filters).sorted { left, right in
            left.1.name == right.1.name ? inByteOrder(left.0, right.0) : inByteOrder(left.1.name, right.1.name)
        }.map { $1.summed }
    }

    /// Leaves the filters of a name: the one shown under it, else all instances of the filter configured under it.
    func named(_ name: String) throws(OperationalProblem) -> FirewallInformation {
        let exact = filters.filter { $0.name == name }
        let found = exact.isEmpty ? filters.filter { $0.configuredName == name } : exact
        guard !found.isEmpty else { throw OperationalProblem("filter \(name) not found") }
        var result = self
        result.filters = found
        result.interfacePolicers = []
        return result
    }

    /// Leaves one counter, named as shown or as configured; filters without it go.
    func counter(_ name: String, filter: String) throws(OperationalProblem) -> FirewallInformation {
        var result = self
        result.filters = filters.compactMap { filter in
            var filter = filter
            func isWanted(_ row: Row) -> Bool { row.name == name || row.plainName == name }
            // A member of an array can be asked for by its name, too.
            filter.counters += filter.members.filter { !$0.isPolicer }.map(\.row)
            filter.counters.removeAll { !isWanted($0) }
            filter.secondPass.removeAll { !isWanted($0) }
            filter.policers = []
            filter.members = []
            return filter.counters.isEmpty && filter.secondPass.isEmpty ? nil : filter
        }
        guard !result.filters.isEmpty else {
            throw OperationalProblem("counter \(name) not found in filter \(filter)")
        }
        return result
    }

    /// The same without what only `detail` shows.
    func brief() -> FirewallInformation { mapped { $0.secondPass = [] } }

    /// The names alone.
    func terse() -> FirewallInformation {
        mapped {
            $0.secondPass = []
            $0.counters = []
            $0.policers = []
        }
    }

    private func mapped(_ change: (inout Filter) -> Void) -> FirewallInformation {
        var result = self
        for index in result.filters.indices { change(&result.filters[index]) }
        return result
    }

    var text: String {
        filters.map { filter in
            "\n" + filled("Filter: \(filter.name)", to: 63) + "\n"
                + block("Counters:", filter.counters) + block("Policers:", filter.policers)
                + block("Counters of the routing engine's evaluation:", filter.secondPass)
        }.joined()
    }

    var element: OutputElement {
        OutputElement(
            "firewall-information",
            filters.map { filter in
                OutputElement(
                    "filter-information",
                    [OutputElement("filter-name", filter.name)]
                        + filter.counters.map { $0.element("counter") }
                        + filter.policers.map { $0.element("policer") }
                        + filter.secondPass.map { $0.element("routing-engine-counter", names: "counter") }
                )
            }
        )
    }

    /// What makes two statistics parts of one filter instance.
    private struct Place: Hashable {
        var family: String
        var name: String
    }
}

extension FirewallInformation.Filter {
    /// The same with one row a name, in order of names.
    fileprivate var summed: FirewallInformation.Filter {
        var filter = self
        filter.counters = sum(counters)
        filter.policers = sum(policers)
        filter.secondPass = sum(secondPass)
        filter.members = sum(members)
        return filter
    }
}

extension FirewallInformation.Row {
    /// As programs see it (filters reference §6.3).
    func element(_ tag: String, names: String? = nil) -> OutputElement {
        OutputElement(
            tag,
            [
                OutputElement("\(names ?? tag)-name", name),
                OutputElement("packet-count", count.packets),
                OutputElement("byte-count", count.bytes),
            ]
        )
    }
}

/// A policer at an interface: `POLICER-IFL-log_int-i` where families share it (filters reference §5.5), else with the
/// family's name in that place.
private func interfacePolicerRow(_ statistic: FilterStatistic) -> FirewallInformation.Row {
    FirewallInformation.Row(
        name: interfacePolicerName(
            statistic.name,
            isShared: statistic.family == FilterFamily.any.rawValue,
            family: statistic.family,
            statistic.interface,
            statistic.direction
        ),
        plainName: statistic.name,
        count: statistic.value,
        keys: [statistic.key]
    )
}

/// What the instance of a policer at an interface is called.
func interfacePolicerName(
    _ policer: String,
    isShared: Bool,
    family: String,
    _ interface: String,
    _ direction: String
) -> String {
    "\(policer)-\(interface)-\(isShared ? "log_int" : family)-\(direction)"
}

/// With `interface-specific`, and for lists, each interface has its own name; else there is one sum (DESIGN §3.8).
private func instanceName(
    of statistic: FilterStatistic,
    _ configuration: JunosConfiguration
) -> (filter: String, suffix: String) {
    let instance = "-\(statistic.interface)-\(statistic.direction)"
    let family = FilterFamily(rawValue: statistic.family) ?? .inet
    guard let filter = configuration.filters[FilterName(family, statistic.filter)] else {
        // A list is already named after its instance.
        return (statistic.filter, instance)
    }
    return filter.isInterfaceSpecific ? (statistic.filter + instance, instance) : (statistic.filter, "")
}

/// One row a name: the sum of all under it.
private func sum(_ rows: [FirewallInformation.Row]) -> [FirewallInformation.Row] {
    var places: [String: Int] = [:]
    var result: [FirewallInformation.Row] = []
    for row in rows {
        guard let index = places[row.name] else {
            places[row.name] = result.count
            result.append(row)
            continue
        }
        result[index].count = result[index].count + row.count
        result[index].keys.formUnion(row.keys)
    }
    return result.sorted { inByteOrder($0.name, $1.name) }
}

/// A heading with its rows; nothing without rows.
func block(_ title: String, _ rows: [FirewallInformation.Row]) -> String {
    guard !rows.isEmpty else { return "" }
    return title + "\n" + columns("Name", "Bytes", "Packets")
        + rows.map { columns($0.name, String($0.count.bytes), String($0.count.packets)) }.joined()
}

/// Name from the left, bytes up to column 57, packets up to column 78 (filters reference §6.1).
private func columns(_ name: String, _ bytes: String, _ packets: String) -> String {
    line(line(name, with: bytes, endingAt: 57), with: packets, endingAt: 78) + "\n"
}
