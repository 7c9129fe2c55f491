// SPDX-License-Identifier: Apache-2.0
// Why a packet went where it went, for `--trace`: term by term, the condition that failed first.
import JunosModel
import NetworkTypes

/// One step of a packet's way.
public struct TraceLine: Hashable, Sendable, CustomStringConvertible {
    /// Where in the router.
    public let stage: Stage
    /// The statement that was asked; empty where no statement is.
    public let path: String
    /// What it said.
    public let text: String

    /// `STAGE: PATH: TEXT`.
    public var description: String {
        path.isEmpty ? "\(stage.rawValue): \(text)" : "\(stage.rawValue): \(path): \(text)"
    }
}

/// What a condition asks for and what the packet has instead.
func describe(_ condition: MatchCondition, _ passage: Passage) -> String {
    let header = passage.header
    switch condition {
    case .address(.source, _): return "source-address, packet has \(header.sourceAddress)"
    case .address(.destination, _): return "destination-address, packet has \(header.destinationAddress)"
    case .address(.either, _): return "address, packet has \(header.sourceAddress) and \(header.destinationAddress)"
    case .number(let field, _, let isExcept):
        let keyword = field.rawValue + (isExcept ? "-except" : "")
        guard let value = FilterCondition.value(of: field, header, passage.context) else {
            return "\(keyword), packet does not hold the field"
        }
        if field == .port {
            return "\(keyword), packet has \(value) and \(header.destinationPort.map { "\($0)" } ?? "nothing")"
        }
        return "\(keyword), packet has \(value)"
    case .tcpFlags: return "tcp-flags, packet has \(flags(header))"
    case .tcpEstablished: return "tcp-established, packet has \(flags(header))"
    case .tcpInitial: return "tcp-initial, packet has \(flags(header))"
    case .fragmentFlags: return "fragment-flags, packet has 0x\(String(header.fragmentNibble, radix: 16))"
    case .isFragment: return "is-fragment, packet is none"
    case .firstFragment: return "first-fragment, packet is none"
    case .lastFragment: return "last-fragment, packet is none"
    case .interface: return "interface, packet came by another"
    case .interfaceSet: return "interface-set, packet came by an interface outside"
    case .forwardingClass(_, let isExcept): return "forwarding-class" + (isExcept ? "-except" : "")
    case .lossPriority(_, let isExcept):
        return "loss-priority\(isExcept ? "-except" : ""), packet has \(passage.context.lossPriority.keyword)"
    case .ipOptions(_, _, let isExcept):
        return "ip-options\(isExcept ? "-except" : ""), packet has \(header.optionTypes)"
    case .extensionHeader(_, _, let isExcept):
        return "extension-header\(isExcept ? "-except" : ""), packet has \(header.extensionHeaders)"
    case .sctpInitial: return "sctp-initial, packet is none"
    case .flexibleMask(let field, _, _): return "flexible-match-mask, packet has \(bits(header, field))"
    case .flexibleRange(let field, _, let isExcept):
        return "flexible-match-range\(isExcept ? " range-except" : ""), packet has \(bits(header, field))"
    }
}

private func bits(_ header: PacketHeader, _ field: FlexibleField) -> String {
    header.bits(field).map { "0x\(String($0, radix: 16))" } ?? "no such bits"
}

private func flags(_ header: PacketHeader) -> String {
    header.tcpFlags.map { "0x\(String($0, radix: 16))" } ?? "no such octet"
}
