// SPDX-License-Identifier: Apache-2.0
// Every keyword under `from`, how it is read and in which families it stands: filters reference §3.2, §3.3.

/// How the values of a condition are read.
enum ConditionForm {
    case addresses(AddressField)
    case prefixLists(AddressField)
    case number(NumericField)
    case tcpFlags
    case fragmentFlags
    case flag(MatchCondition)
    case interface
    case interfaceSet
    case forwardingClass
    case lossPriority
    case ipOptions
    case extensionHeader
    case flexibleMatch(isMask: Bool)
    /// A hint for hardware, which says nothing about packets.
    case hint
    /// A commit error; the text says what the condition would need.
    case unsupported(String)
}

/// One keyword under `from`.
struct ConditionKeyword {
    /// How its values are read.
    let form: ConditionForm
    /// The families it stands in.
    let families: Set<FilterFamily>
    /// Whether it is an `-except` twin.
    let isExcept: Bool
    /// The keyword without `-except`: of the two only the later one stays (filters reference §2.1).
    let base: String
}

/// All keywords; `-except` twins among them.
let matchConditionKeywords: [String: ConditionKeyword] = {
    var result: [String: ConditionKeyword] = [:]
    func enter(_ word: String, _ form: ConditionForm, _ families: Set<FilterFamily>, twin: Bool = false) {
        result[word] = ConditionKeyword(form: form, families: families, isExcept: false, base: word)
        if twin {
            result[word + "-except"] = ConditionKeyword(form: form, families: families, isExcept: true, base: word)
        }
    }
    let all: Set<FilterFamily> = [.inet, .inet6, .any]
    let both: Set<FilterFamily> = [.inet, .inet6]
    enter("address", .addresses(.either), both)
    enter("source-address", .addresses(.source), both)
    enter("destination-address", .addresses(.destination), both)
    enter("prefix-list", .prefixLists(.either), both)
    enter("source-prefix-list", .prefixLists(.source), both)
    enter("destination-prefix-list", .prefixLists(.destination), both)
    for field in [NumericField.sourcePort, .destinationPort, .port, .icmpType, .icmpCode, .greKey] {
        enter(field.rawValue, .number(field), both, twin: true)
    }
    for field in [NumericField.protocol, .fragmentOffset, .ttl, .dscp, .precedence, .espSPI, .ahSPI] {
        enter(field.rawValue, .number(field), [.inet], twin: true)
    }
    for field in [NumericField.nextHeader, .payloadProtocol, .hopLimit, .trafficClass] {
        enter(field.rawValue, .number(field), [.inet6], twin: true)
    }
    enter("packet-length", .number(.packetLength), all, twin: true)
    enter("interface-group", .number(.interfaceGroup), all, twin: true)
    enter("tcp-flags", .tcpFlags, both)
    enter("tcp-established", .flag(.tcpEstablished), both)
    enter("tcp-initial", .flag(.tcpInitial), both)
    enter("fragment-flags", .fragmentFlags, [.inet])
    enter("is-fragment", .flag(.isFragment), both)
    enter("first-fragment", .flag(.firstFragment), both)
    enter("last-fragment", .flag(.lastFragment), [.inet6])
    enter("interface", .interface, all)
    enter("interface-set", .interfaceSet, all)
    enter("forwarding-class", .forwardingClass, all, twin: true)
    enter("loss-priority", .lossPriority, all, twin: true)
    enter("ip-options", .ipOptions, [.inet], twin: true)
    enter("extension-header", .extensionHeader, [.inet6], twin: true)
    enter("sctp-initial", .flag(.sctpInitial), [.inet])
    enter("flexible-match-mask", .flexibleMatch(isMask: true), both)
    enter("flexible-match-range", .flexibleMatch(isMask: false), both)
    enter("source-port-range-optimize", .hint, all)
    enter("destination-port-range-optimize", .hint, all)
    for (word, reason) in unsupportedConditions {
        enter(word, .unsupported(reason), all, twin: true)
    }
    // In family inet and inet6 a device does not know these words (filters reference §3.2).
    for word in ["source-mac-address", "destination-mac-address"] {
        enter(word, .unsupported("filters see IP packets without their link-layer header"), [.any])
    }
    for word in [
        "ether-type", "vlan-ether-type", "learn-vlan-id", "user-vlan-id", "learn-vlan-1p-priority",
        "user-vlan-1p-priority", "traffic-type",
    ] { enter(word, .unsupported("filters see IP packets without their link-layer header"), [.any], twin: true) }
    return result
}()

/// Conditions that Junos knows and Sluice does not.
private let unsupportedConditions: [String: String] = [
    "destination-class": "classes of routes belong to the routing daemon",
    "source-class": "classes of routes belong to the routing daemon",
    "service-filter-hit": "there are no service filters",
    "policy-map": "policy maps are not built",
    "slice": "network slices are not built",
    "rat-type": "mobile networks' headers are not read",
    "redirect-reason": "redirect reasons are not kept",
    "vxlan": "VXLAN headers are not read",
    "gtp-header": "GTP headers are not read",
    "fast-lookup-tuple": "look-up tuples are not built; write conditions instead",
    "fast-lookup-tuple-list": "look-up tuples are not built; write conditions instead",
    "egress-interface": "the outgoing interface is not known where filters run",
    "ip-version": "write filters of family inet and inet6 instead",
    "ttl-eq-one": "write 'ttl 1' instead",
    "exp": "MPLS headers are not read",
]

/// What Sluice makes of one keyword under `from`, for the documentation and for the test that each one is shown.
public struct MatchConditionSupport: Hashable, Sendable {
    /// The keyword.
    public let keyword: String
    /// The families of filters it stands in.
    public let families: Set<FilterFamily>
    /// Whether it is understood; unsupported ones are commit errors.
    public let state: SupportState
}

/// Every keyword under `from` that is known, `-except` twins among them, in order of name.
public let matchConditionSupport: [MatchConditionSupport] = matchConditionKeywords.sorted { $0.key < $1.key }.map {
    let state: SupportState =
        switch $1.form {
        case .unsupported(let reason): .unsupported(reason)
        default: .supported
        }
    return MatchConditionSupport(keyword: $0, families: $1.families, state: state)
}
