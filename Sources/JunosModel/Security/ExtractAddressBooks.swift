// SPDX-License-Identifier: Apache-2.0
// Address books: flow reference §4.
import Diagnostics
import JunosSyntax
import NetworkTypes

/// Names that no entry may have.
let predefinedAddresses: Set<String> = ["any", "any-ipv4", "any-ipv6"]

/// Extracts the books that zones hold themselves, each attached to its zone and named after it.
func extractZoneBooks(
    _ zones: Statement,
    hasNewBooks: Bool,
    into result: inout SecurityConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    for zone in zones.entries("security-zone") {
        guard let statement = zone.child("address-book") else { continue }
        if hasNewBooks {
            diagnostics.error(
                "conflicting-statements",
                statement,
                "an address book of a zone cannot be combined with 'security address-book'"
            )
        }
        result.addressBooks.append(extractBook(statement, name: zone.word, zones: [zone.word], &diagnostics))
    }
}

/// Extracts `security address-book`.
func extractAddressBooks(
    _ books: Statement,
    into result: inout SecurityConfiguration,
    _ diagnostics: inout [Diagnostic]
) {
    for statement in books.statements where !wordsAllowedEverywhere.contains(statement.word) {
        checkSecurityName(statement, "an address book", &diagnostics)
        let zones = statement.child("attach")?.entries("zone").map(\.word) ?? []
        if statement.word == "global", !zones.isEmpty {
            diagnostics.error(
                "conflicting-statements",
                statement,
                "the global book is seen by every zone: remove 'attach'"
            )
        }
        result.addressBooks.append(extractBook(statement, name: statement.word, zones: zones, &diagnostics))
    }
}

/// One book.
private func extractBook(
    _ statement: Statement,
    name: String,
    zones: [String],
    _ diagnostics: inout [Diagnostic]
) -> AddressBook {
    var book = AddressBook(name: name, zones: zones)
    var sets: [Statement] = []
    for child in statement.statements {
        switch child.word {
        case "address":
            for entry in child.statements {
                checkAddressName(entry, &diagnostics)
                if let address = extractAddress(entry, &diagnostics) { book.addresses[entry.word] = address }
            }
        case "address-set":
            for entry in child.statements {
                checkAddressName(entry, &diagnostics)
                sets.append(entry)
                book.sets[entry.word] = setMembers(entry, &diagnostics)
            }
        case "attach", "description": break
        case let word where wordsAllowedEverywhere.contains(word): break
        default: diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under an address book")
        }
    }
    let declared = Set(statement.entries("address").map(\.word))
    for entry in sets {
        if declared.contains(entry.word) {
            diagnostics.error("duplicate-name", entry, "'\(entry.word)' is the name of an address of this book too")
        }
        for member in book.sets[entry.word] ?? [] where !declared.contains(member) && book.sets[member] == nil {
            diagnostics.error("undefined-address", entry, "its member '\(member)' is not defined in this book")
        }
    }
    let cyclic = Set(namesInCycles(book.sets))
    for entry in sets where cyclic.contains(entry.word) {
        diagnostics.error("cyclic-set", entry, "the set contains itself, or a set that does")
        book.sets[entry.word] = []
    }
    return book
}

private func checkAddressName(_ entry: Statement, _ diagnostics: inout [Diagnostic]) {
    checkSecurityName(entry, "an address", &diagnostics)
    if predefinedAddresses.contains(entry.word) {
        diagnostics.error("invalid-name", entry, "'\(entry.word)' is predefined: choose another name")
    }
}

/// Members of a set, addresses and sets alike.
private func setMembers(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> [String] {
    var members: [String] = []
    for child in statement.statements {
        switch child.word {
        case "address", "address-set": members += child.children.map(\.word)
        case "description": break
        case let word where wordsAllowedEverywhere.contains(word): break
        default: diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under an address set")
        }
    }
    return members
}

/// One address; nil with an error where it covers nothing that is understood.
private func extractAddress(_ entry: Statement, _ diagnostics: inout [Diagnostic]) -> AddressBookEntry? {
    var result: AddressBookEntry?
    for child in entry.statements {
        switch child.word {
        case "description": break
        case let word where wordsAllowedEverywhere.contains(word): break
        case "dns-name": result = dnsName(child, &diagnostics)
        case "range-address", "address-range": result = range(child, &diagnostics)
        case "wildcard-address": result = wildcard(child, &diagnostics)
        case "ip-prefix": result = child.value.flatMap { prefix($0.word, child, &diagnostics) }
        default: result = prefix(child.word, child, &diagnostics)
        }
    }
    if entry.isEmpty {
        diagnostics.error("missing-value", entry, "the address has no value")
    }
    return result
}

private func prefix(
    _ text: String,
    _ statement: Statement,
    _ diagnostics: inout [Diagnostic]
) -> AddressBookEntry? {
    guard let prefix = Prefix(text) else {
        diagnostics.error("invalid-value", statement, "'\(text)' is no address, prefix or kind of address")
        return nil
    }
    if prefix.hasHostBits {
        diagnostics.error("host-bits", statement, "'\(text)' has host bits set outside its mask; clear them")
    }
    return .prefix(prefix.network)
}

/// `dns-name HOST [ipv4-only | ipv6-only]`.
private func dnsName(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> AddressBookEntry? {
    guard let name = statement.value else {
        diagnostics.error("missing-value", statement, "'dns-name' has no value")
        return nil
    }
    // Letters, digits, hyphens and underscores in labels of 1 to 63 octets, 253 in all (RFC 1035 §2.3.4).
    let labels = (name.word.hasSuffix(".") ? name.word.dropLast() : name.word[...])
        .split(separator: ".", omittingEmptySubsequences: false)
    let isName =
        name.word.utf8.count <= 253
        && labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        }
    if !isName || IPAddress(name.word) != nil {
        diagnostics.error("invalid-value", statement, "'\(name.word)' is no name of a host")
    }
    var families = Set(AddressFamily.allCases)
    for child in statement.statement(name).statements where !wordsAllowedEverywhere.contains(child.word) {
        switch child.word {
        case "ipv4-only": families = [.inet]
        case "ipv6-only": families = [.inet6]
        default: diagnostics.error("unknown-statement", child, "'\(child.word)' is not ipv4-only or ipv6-only")
        }
    }
    return .dnsName(name.word, families: families)
}

/// `range-address LOW to HIGH`.
private func range(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> AddressBookEntry? {
    guard let low = statement.value, let high = low.child("to")?.children.last,
        let first = IPAddress(low.word), let last = IPAddress(high.word), first.family == last.family, first <= last
    else {
        diagnostics.error("invalid-value", statement, "expects 'LOW to HIGH', two addresses of one family in order")
        return nil
    }
    return .range(first, last)
}

/// `wildcard-address ADDRESS/MASK`: set mask bits must match.
private func wildcard(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> AddressBookEntry? {
    let text = statement.value?.word ?? ""
    let parts = text.split(separator: "/")
    guard parts.count == 2, let address = IPAddress(String(parts[0])), let mask = IPAddress(String(parts[1])),
        address.family == .inet, mask.family == .inet
    else {
        diagnostics.error("invalid-value", statement, "'\(text)' is not ADDRESS/MASK in IPv4")
        return nil
    }
    let bits = UInt32(truncatingIfNeeded: mask.value)
    return .wildcard(address: UInt32(truncatingIfNeeded: address.value) & bits, mask: bits)
}

/// Checks which zones the books are attached to.
func checkAddressBooks(
    _ security: SecurityConfiguration,
    _ statement: Statement,
    _ diagnostics: inout [Diagnostic]
) {
    let zones = Set(security.zones.map(\.name))
    var owners: [String: String] = [:]
    for book in security.addressBooks {
        for zone in book.zones {
            if !zones.contains(zone) {
                diagnostics.error(
                    "undefined-zone",
                    statement,
                    "the address book '\(book.name)' is attached to the zone '\(zone)', which is not defined"
                )
            }
            if let owner = owners.updateValue(book.name, forKey: zone), owner != book.name {
                diagnostics.error(
                    "zone-with-two-books",
                    statement,
                    "the zone '\(zone)' has two address books, '\(owner)' and '\(book.name)'"
                )
            }
        }
    }
}
