// SPDX-License-Identifier: Apache-2.0
// `show interfaces filters` and `show interfaces policers`: what is bound where (filters reference §6.1).
public import JunosModel

let showInterfacesFiltersCommand = OperationalCommand(
    path: ["show", "interfaces", "filters"],
    subject: .init(name: "INTERFACE", isRequired: false),
    summary: "filters bound to interfaces, physical or logical"
) { arguments, sources in
    let all = InterfaceFilters(sources.configuration, try sources.links())
    guard let name = arguments.subject else { return OperationalAnswer(all) }
    return OperationalAnswer(try all.named(name))
}

let showInterfacesPolicersCommand = OperationalCommand(
    path: ["show", "interfaces", "policers"],
    subject: .init(name: "INTERFACE", isRequired: false),
    summary: "policers that stand at interfaces without a filter"
) { arguments, sources in
    let all = InterfaceFilters(sources.configuration, try sources.links(), of: .policer)
    guard let name = arguments.subject else { return OperationalAnswer(all) }
    return OperationalAnswer(try all.named(name))
}

/// Bindings of filters, or of policers.
struct InterfaceFilters: OperationalView {
    /// What is bound.
    enum Kind: String {
        case filter
        case policer

        /// As in titles.
        var title: String { self == .filter ? "Filter" : "Policer" }
    }

    /// One family of a logical interface.
    struct Family: Hashable {
        var name: String
        var input: String
        var output: String
    }

    /// A physical interface, or a logical one with its families.
    struct Interface: Hashable {
        var name: String
        var physicalName: String
        var state: LinkState
        var families: [Family] = []
        var isLogical: Bool
    }

    /// What is bound.
    let kind: Kind
    /// Each physical interface with its logical ones behind it, as configured.
    var interfaces: [Interface]

    init(_ configuration: JunosConfiguration, _ links: [String: LinkState], of kind: Kind = .filter) {
        self.kind = kind
        /// A device that is not there yet is set up and has no link: its program waits for it.
        func state(of interface: LogicalInterface) -> LinkState {
            guard let device = interface.device else {
                // The routing engine is always there.
                return LinkState(isAdministrativelyUp: true, isUp: interface.isRoutingEngine)
            }
            return links[device] ?? LinkState(isAdministrativelyUp: true, isUp: false)
        }
        var order: [String] = []
        var units: [String: [LogicalInterface]] = [:]
        for interface in configuration.interfaces {
            if units[interface.physicalName] == nil { order.append(interface.physicalName) }
            units[interface.physicalName, default: []].append(interface)
        }
        interfaces = order.flatMap { name -> [Interface] in
            let members = units[name] ?? []
            // Sluice knows devices of units; the physical interface is as well off as the best of them.
            let states = members.map(state)
            let physical = LinkState(
                isAdministrativelyUp: states.contains(where: \.isAdministrativelyUp),
                isUp: states.contains(where: \.isUp)
            )
            return [Interface(name: name, physicalName: name, state: physical, isLogical: false)]
                + members.map {
                    Interface(
                        name: $0.name,
                        physicalName: name,
                        state: state(of: $0),
                        families: kind == .filter ? bindings(of: $0, configuration) : policers(of: $0, configuration),
                        isLogical: true
                    )
                }
        }
    }

    /// Leaves a logical interface, or a physical one with all of its.
    func named(_ name: String) throws(OperationalProblem) -> InterfaceFilters {
        var result = self
        result.interfaces = interfaces.filter { $0.name == name || $0.physicalName == name }
        guard !result.interfaces.isEmpty else { throw OperationalProblem("interface \(name) not found") }
        return result
    }

    var text: String {
        var text = column("Interface       Admin Link Proto Input \(kind.title)", 54) + "Output \(kind.title)\n"
        for interface in interfaces {
            let head =
                column(interface.name, 16) + column(word(interface.state.isAdministrativelyUp), 6)
                + word(interface.state.isUp)
            guard let first = interface.families.first else {
                text += filled(head, to: 26) + "\n"
                continue
            }
            text += trimmed(column(head, 27) + row(first)) + "\n"
            for family in interface.families.dropFirst() { text += trimmed(column("", 27) + row(family)) + "\n" }
        }
        return text
    }

    private func row(_ family: Family) -> String {
        column(family.name, 6) + column(family.input, 21) + family.output
    }

    var element: OutputElement {
        OutputElement(
            "interface-\(kind.rawValue)-information",
            interfaces.map { interface in
                OutputElement(
                    interface.isLogical ? "logical-interface" : "physical-interface",
                    [
                        OutputElement("name", interface.name),
                        OutputElement("admin-status", word(interface.state.isAdministrativelyUp)),
                        OutputElement("oper-status", word(interface.state.isUp)),
                    ]
                        + interface.families.map { family in
                            OutputElement(
                                "\(kind.rawValue)-information",
                                [OutputElement("\(kind.rawValue)-family", family.name)]
                                    + named("input", family.input) + named("output", family.output)
                            )
                        }
                )
            }
        )
    }
}

extension InterfaceFilters {
    /// What is bound at one end; nothing where nothing is.
    fileprivate func named(_ end: String, _ name: String) -> [OutputElement] {
        name.isEmpty ? [] : [OutputElement("\(kind.rawValue)-\(end)", name)]
    }
}

private func word(_ isUp: Bool) -> String { isUp ? "up" : "down" }

/// A unit's families in the order of devices, each with what is bound to it.
private func bindings(of interface: LogicalInterface, _ configuration: JunosConfiguration) -> [InterfaceFilters.Family]
{
    [FilterFamily.any, .inet, .inet6].compactMap { family in
        guard let settings = interface.families[family] else { return nil }
        func name(_ attachment: FilterAttachment?, _ direction: String) -> String {
            attachment.map { shownName(of: $0, family, interface.name, direction, configuration) } ?? ""
        }
        return InterfaceFilters.Family(
            name: family.rawValue,
            input: name(settings.input, "i"),
            output: name(settings.output, "o")
        )
    }
}

/// A unit's families with the policers that stand there (filters reference §5.5).
private func policers(of interface: LogicalInterface, _ configuration: JunosConfiguration) -> [InterfaceFilters.Family]
{
    [FilterFamily.inet, .inet6].compactMap { family in
        guard let settings = interface.families[family] else { return nil }
        func name(_ attachment: PolicerAttachment?, _ direction: String) -> String {
            guard let policer = attachment.flatMap({ configuration.policers[$0.policer] }) else { return "" }
            return interfacePolicerName(
                policer.name,
                isShared: policer.reach == .logicalInterface,
                family: family.rawValue,
                interface.name,
                direction
            )
        }
        return InterfaceFilters.Family(
            name: family.rawValue,
            input: name(settings.inputPolicer, "i"),
            output: name(settings.outputPolicer, "o")
        )
    }
}

/// How an attachment is shown: a list as one consolidated filter, an interface-specific filter by its instance
/// (filters reference §5.2, §5.5).
public func shownName(
    of attachment: FilterAttachment,
    _ family: FilterFamily,
    _ interface: String,
    _ direction: String,
    _ configuration: JunosConfiguration
) -> String {
    let instance = "\(interface)-\(direction)"
    guard !attachment.isList, let name = attachment.filters.first else { return instance }
    let filter = configuration.filters[FilterName(family, name)]
    return filter?.isInterfaceSpecific == true ? "\(name)-\(instance)" : name
}
