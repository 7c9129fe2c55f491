// SPDX-License-Identifier: Apache-2.0
// `applications`: flow reference §5.1.
import Diagnostics
import JunosSyntax

/// What may stand under `applications`.
let applicationsStatements = SupportTable(
    "applications",
    supported: ["application", "application-set"],
    cosmetic: ["description"]
)

/// What may stand under `application NAME` or one of its terms.
let applicationStatements = SupportTable(
    "applications application NAME",
    supported: [
        "term", "protocol", "source-port", "destination-port", "icmp-type", "icmp-code", "icmp6-type", "icmp6-code",
        "inactivity-timeout", "application-protocol", "alg",
    ],
    unsupported: [
        "rpc-program-number": "ports of RPC programs are not learned; name the ports",
        "uuid": "ports of RPC interfaces are not learned; name the ports",
        "ether-type": "only IP is filtered",
        "ttl-threshold": "hop limits of applications are not compared",
        "snmp-command": "SNMP commands are not read",
        "do-not-translate-A-query-to-AAAA-query": "DNS is not changed",
        "do-not-translate-AAAA-query-to-A-query": "DNS is not changed",
    ],
    cosmetic: ["description"]
)

/// What `applications` holds.
struct ExtractedApplications {
    var applications: [String: Application] = [:]
    var sets: [String: [String]] = [:]
}

/// Extracts applications and sets; members that cannot be resolved are left in place and match nothing.
func extractApplications(_ hierarchy: Statement, _ diagnostics: inout [Diagnostic]) -> ExtractedApplications {
    var result = ExtractedApplications()
    var setStatements: [Statement] = []
    for statement in applicationsStatements.admitted(hierarchy, &diagnostics) {
        for entry in statement.statements {
            if statement.word == "application" {
                checkSecurityName(entry, "an application", &diagnostics)
                result.applications[entry.word] = extractApplication(entry, &diagnostics)
            } else {
                checkSecurityName(entry, "an application set", &diagnostics)
                setStatements.append(entry)
            }
        }
    }
    for entry in setStatements {
        if result.applications[entry.word] != nil {
            diagnostics.error("duplicate-name", entry, "'\(entry.word)' is the name of an application too")
        }
        result.sets[entry.word] = setMembers(entry, &diagnostics)
    }
    for entry in setStatements {
        for member in result.sets[entry.word] ?? [] where !isKnownApplication(member, result) {
            diagnostics.error("undefined-application", entry, "its member '\(member)' is not defined")
        }
    }
    let cyclic = Set(namesInCycles(result.sets))
    for entry in setStatements where cyclic.contains(entry.word) {
        diagnostics.error("cyclic-set", entry, "the set contains itself, or a set that does")
        result.sets[entry.word] = []
    }
    return result
}

/// Whether a name is an application or a set, user-defined or predefined.
func isKnownApplication(_ name: String, _ own: ExtractedApplications) -> Bool {
    name == "any" || own.applications[name] != nil || own.sets[name] != nil || predefinedApplications[name] != nil
        || predefinedApplicationSets[name] != nil
}

/// The members of a set.
private func setMembers(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> [String] {
    var members: [String] = []
    for child in statement.statements {
        switch child.word {
        case "application", "application-set": members += child.children.map(\.word)
        case "description": break
        case let word where wordsAllowedEverywhere.contains(word): break
        default: diagnostics.error("unknown-statement", child, "'\(child.word)' is not known under an application set")
        }
    }
    if members.contains("any") {
        diagnostics.warning("any-among-others", statement, "'any' in a set makes it every application")
    }
    return members
}

/// One application: its own tuple is its first term (flow reference §5.1).
private func extractApplication(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> Application {
    var application = Application(name: statement.word, terms: [])
    if predefinedApplications[statement.word] != nil {
        diagnostics.warning("hides-predefined", statement, "'\(statement.word)' hides the predefined application")
    }
    var timeouts: Set<UInt32> = []
    let terms = statement.entries("term")
    let ownWords = Set(statement.children.map(\.word))
    if !ownWords.isDisjoint(with: matchWords) || terms.isEmpty {
        application.terms += extractTerm(statement, &timeouts, &diagnostics)
    } else {
        _ = applicationStatements.admitted(statement, &diagnostics)
        readTimeout(statement, &timeouts, &diagnostics)
    }
    for term in terms { application.terms += extractTerm(term, &timeouts, &diagnostics) }
    if terms.count > 8 {
        diagnostics.error("too-many-terms", statement, "an application has at most 8 terms, this one \(terms.count)")
    }
    if timeouts.count > 1 {
        diagnostics.error("conflicting-timeouts", statement, "its terms have different values of 'inactivity-timeout'")
    }
    application.inactivityTimeout = timeouts.min()
    return application
}

/// Words that make the application level a term of its own.
private let matchWords: Set<String> = [
    "protocol", "source-port", "destination-port", "icmp-type", "icmp-code", "icmp6-type", "icmp6-code",
    "rpc-program-number", "uuid", "ether-type",
]

/// The alternatives of one term; none if part of it could not be understood, so that it never matches more than it says.
private func extractTerm(
    _ statement: Statement,
    _ timeouts: inout Set<UInt32>,
    _ diagnostics: inout [Diagnostic]
) -> [ApplicationTerm] {
    var term = ApplicationTerm(protocolNumber: nil)
    var remarks: [Diagnostic] = []
    defer { diagnostics += remarks }
    var implied: UInt8?
    func number(_ child: Statement, _ names: [String: UInt32], _ remarks: inout [Diagnostic]) -> UInt8? {
        range(child, names, highest: 255, &remarks).map { UInt8($0.lowerBound) }
    }
    for child in applicationStatements.admitted(statement, &remarks) {
        switch child.word {
        case "protocol": term.protocolNumber = number(child, protocolNumbers, &remarks)
        case "source-port": term.sourcePorts = ports(child, &remarks)
        case "destination-port": term.destinationPorts = ports(child, &remarks)
        case "icmp-type":
            term.icmpType = number(child, icmpTypeNumbers, &remarks)
            implied = 1
        case "icmp-code": term.icmpCode = number(child, icmpCodeNumbers, &remarks)
        case "icmp6-type":
            term.icmpType = number(child, icmp6TypeNumbers, &remarks)
            implied = 58
        case "icmp6-code": term.icmpCode = number(child, icmp6CodeNumbers, &remarks)
        case "application-protocol", "alg": warnAboutGateway(child, &remarks)
        default: break
        }
    }
    readTimeout(statement, &timeouts, &remarks)
    if statement.child("protocol") == nil { term.protocolNumber = implied }
    checkTerm(term, statement, &remarks)
    return remarks.containsErrors ? [] : [term]
}

/// What fits together in a term.
private func checkTerm(_ term: ApplicationTerm, _ statement: Statement, _ diagnostics: inout [Diagnostic]) {
    guard let number = term.protocolNumber else {
        if statement.child("protocol") == nil {
            diagnostics.error("missing-protocol", statement, "needs 'protocol'")
        }
        return
    }
    if term.sourcePorts != nil || term.destinationPorts != nil, ![6, 17, 132].contains(number) {
        diagnostics.error("ports-without-transport", statement, "ports go with protocol tcp, udp or sctp only")
    }
    if term.icmpType != nil, number != 1, number != 58 {
        diagnostics.error("icmp-without-protocol", statement, "ICMP types go with protocol icmp or icmp6 only")
    }
    if term.icmpCode != nil, term.icmpType == nil {
        diagnostics.error("icmp-code-without-type", statement, "an ICMP code needs a type")
    }
}

/// Gateways that follow a protocol's data connections do not exist here.
private func warnAboutGateway(_ statement: Statement, _ diagnostics: inout [Diagnostic]) {
    let name = statement.value?.word ?? ""
    if name == "ignore" || name == "none" { return }
    diagnostics.warning(
        "not-applicable",
        statement,
        "'\(name)' is not inspected: its data connections are judged by policies like any others"
    )
}

/// `inactivity-timeout`; `never` is the highest number.
private func readTimeout(
    _ statement: Statement,
    _ timeouts: inout Set<UInt32>,
    _ diagnostics: inout [Diagnostic]
) {
    guard let child = statement.child("inactivity-timeout"), let text = child.value?.word else { return }
    if text == "never" {
        timeouts.insert(.max)
        diagnostics.warning(
            "longest-idle-time",
            child,
            "sessions end after \(longestIdleTime) seconds without a packet: the kernel knows no longer time"
        )
    } else if let seconds = UInt32(text), (4...86400).contains(seconds) {
        timeouts.insert(seconds)
    } else {
        diagnostics.error("invalid-value", child, "'\(text)' is neither 4 to 86400 seconds nor 'never'")
    }
}

/// What `never` comes to: 24 days, the longest time that is one on every kernel (2³¹ − 1 ticks of a thousandth of a
/// second).
private let longestIdleTime = 2_147_483

/// A port, a name or a range.
private func ports(_ statement: Statement, _ diagnostics: inout [Diagnostic]) -> ClosedRange<UInt16>? {
    range(statement, applicationPortNumbers, highest: 65535, &diagnostics)
        .map { UInt16($0.lowerBound)...UInt16($0.upperBound) }
}

/// The value of a leaf.
private func range(
    _ statement: Statement,
    _ names: [String: UInt32],
    highest: UInt32,
    _ diagnostics: inout [Diagnostic]
) -> ClosedRange<UInt32>? {
    let text = statement.value?.word ?? ""
    do {
        return try parseRange(text, names: names, highest: highest)
    } catch {
        diagnostics.error("invalid-value", statement, "'\(text)' \(error.text)")
        return nil
    }
}
