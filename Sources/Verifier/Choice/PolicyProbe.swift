// SPDX-License-Identifier: Apache-2.0
// Names in policies as edges of addresses and services; guides the choice of packets and decides nothing.
import JunosModel
import NetworkTypes

/// What one address name of a policy covers.
struct PolicyAddresses {
    private(set) var edges: [AddressEdges] = []
    private var entries: [AddressBookEntry] = []
    private let isExcluded: Bool
    private let version: AddressFamily
    private let hostAddresses: [String: [IPAddress]]

    init(
        _ names: [String],
        zone: String?,
        isExcluded: Bool,
        version: AddressFamily,
        _ security: SecurityConfiguration,
        hostAddresses: [String: [IPAddress]]
    ) {
        self.hostAddresses = hostAddresses
        self.isExcluded = isExcluded
        self.version = version
        let attached = security.addressBooks.filter { book in zone.map { book.zones.contains($0) } ?? false }
        let books = attached + security.addressBooks.filter { $0.name == "global" }
        for name in names { resolve(name, books) }
        for entry in entries {
            switch entry {
            case .prefix(let prefix) where prefix.family == version:
                edges.append(AddressEdges(first: prefix.first, last: prefix.last))
            case .range(let first, let last) where first.family == version:
                edges.append(AddressEdges(first: first, last: last))
            case .dnsName(let name, let families) where families.contains(version):
                for address in hostAddresses[name] ?? [] where address.family == version {
                    edges.append(AddressEdges(first: address, last: address))
                }
            case .wildcard(let address, let mask) where version == .inet:
                edges.append(AddressEdges(address: address, mask: mask))
            default: break
            }
        }
    }

    private mutating func resolve(_ name: String, _ books: [AddressBook]) {
        switch name {
        case "any": entries += everything(.inet) + everything(.inet6)
        case "any-ipv4": entries += everything(.inet)
        case "any-ipv6": entries += everything(.inet6)
        default:
            for book in books where book.addresses[name] != nil || book.sets[name] != nil {
                var visited: Set<String> = []
                add(name, book, &visited)
                return
            }
        }
    }

    private mutating func add(_ name: String, _ book: AddressBook, _ visited: inout Set<String>) {
        if let entry = book.addresses[name] { entries.append(entry) }
        guard visited.insert(name).inserted else { return }
        for member in book.sets[name] ?? [] { add(member, book, &visited) }
    }

    private func everything(_ version: AddressFamily) -> [AddressBookEntry] {
        Prefix(IPAddress(version, 0), length: 0).map { [.prefix($0)] } ?? []
    }

    /// Whether the policy's list holds for an address.
    func contains(_ address: IPAddress) -> Bool {
        guard !edges.isEmpty else { return false }
        let isListed = entries.contains { entry in
            switch entry {
            case .prefix(let prefix): prefix.contains(address)
            case .range(let first, let last): first.family == address.family && (first...last).contains(address)
            case .dnsName(let name, let families):
                families.contains(address.family) && hostAddresses[name]?.contains(address) ?? false
            case .wildcard(let wanted, let mask):
                address.family == .inet && UInt32(truncatingIfNeeded: address.value) & mask == wanted & mask
            }
        }
        return isListed != isExcluded
    }

    /// The whole address space without exclusion: the list says nothing.
    var isEverything: Bool {
        !isExcluded && edges.contains { $0.first.value == 0 && $0.last.value == version.highest }
    }
}

/// Terms of the applications that names stand for.
func applicationTerms(_ names: [String], _ configuration: JunosConfiguration) -> [ApplicationTerm] {
    var terms: [ApplicationTerm] = []
    var visited: Set<String> = []
    var pending = Array(names.reversed())
    while let name = pending.popLast() {
        guard visited.insert(name).inserted else { continue }
        if name == "any" {
            terms.append(ApplicationTerm(protocolNumber: nil))
        } else if let application = configuration.applications[name] ?? predefinedApplications[name] {
            terms += application.terms
        } else {
            pending += (configuration.applicationSets[name] ?? predefinedApplicationSets[name] ?? []).reversed()
        }
    }
    return terms
}

/// Whether a packet is what an application term says.
func isMember(_ header: PacketHeader, _ term: ApplicationTerm) -> Bool {
    guard let number = term.protocolNumber else { return true }
    guard header.upperProtocol == number else { return false }
    if let ports = term.sourcePorts, !(header.sourcePort.map(ports.contains) ?? false) { return false }
    if let ports = term.destinationPorts, !(header.destinationPort.map(ports.contains) ?? false) { return false }
    if let type = term.icmpType, header.icmpType != type { return false }
    if let code = term.icmpCode, header.icmpCode != code { return false }
    return true
}

/// The edges of an application term as changes of a packet.
func variations(of term: ApplicationTerm, version: AddressFamily) -> [Variation] {
    guard let number = term.protocolNumber else { return [] }
    var result: [Variation] = [
        Variation(rank: .first, isInside: true) { draft in
            setService(term, &draft)
        }
    ]
    func add(_ ports: ClosedRange<UInt16>?, _ path: WritableKeyPath<PacketFields, UInt16?>) {
        guard let ports else { return }
        var values: [(ChoiceRank, UInt16)] = [(.last, ports.upperBound)]
        if ports.lowerBound > 0 { values.append((.outside, ports.lowerBound - 1)) }
        if ports.upperBound < .max { values.append((.outside, ports.upperBound + 1)) }
        for (rank, port) in values {
            result.append(
                Variation(rank: rank, isInside: rank != .outside) { draft in
                    setService(term, &draft)
                    draft.fields[keyPath: path] = port
                }
            )
        }
    }
    add(term.sourcePorts, \.sourcePort)
    add(term.destinationPorts, \.destinationPort)
    if let type = term.icmpType {
        result.append(
            Variation(rank: .outside, isInside: false) { draft in
                setService(term, &draft)
                // Still a request, so that conntrack lets it begin a session.
                draft.fields.icmpType = type == 8 ? 13 : type == 128 ? 139 : 8
            }
        )
    }
    if let code = term.icmpCode {
        result.append(
            Variation(rank: .outside, isInside: false) { draft in
                setService(term, &draft)
                draft.fields.icmpCode = code ^ 1
            }
        )
    }
    let other: UInt8 = number == ProtocolNumber.tcp ? ProtocolNumber.udp : ProtocolNumber.tcp
    result.append(
        Variation(rank: .outside, isInside: false) { draft in
            setService(term, &draft)
            draft.fields.protocolNumber = other
        }
    )
    return result
}

/// Makes a packet one of an application term.
func setService(_ term: ApplicationTerm, _ draft: inout Draft) {
    guard let number = term.protocolNumber else { return }
    draft.fields.protocolNumber = number
    if let ports = term.sourcePorts { draft.fields.sourcePort = ports.lowerBound }
    if let ports = term.destinationPorts { draft.fields.destinationPort = ports.lowerBound }
    draft.fields.icmpType = term.icmpType
    draft.fields.icmpCode = term.icmpCode
}
