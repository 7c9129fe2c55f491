// SPDX-License-Identifier: Apache-2.0
// Expressions as the machine runs them: names become indices, and what cannot be run becomes a refusal.
import NftablesIR

/// A verdict with the chain's index for its name.
enum CompiledVerdict: Hashable, Sendable {
    case accept
    case drop
    case `continue`
    case `return`
    case jump(Int)
    case goto(Int)
    /// Leads nowhere that is known; by index into the machine's refusals.
    case refuse(Int)
}

/// A `meta` key that the machine can load.
enum LoadableMeta: Sendable {
    case length
    case ethernetProtocol
    case priority
    case mark
    case inputName
    case outputName
    case networkFamily
    case transportProtocol
}

/// A `ct` key that the machine can load.
enum LoadableConntrack: Sendable {
    case state
    case direction
    case status
    case mark
}

/// A place in the packet: how a payload expression names it.
struct PayloadPlace: Sendable {
    var base: PayloadBase
    var offset: Int
    var length: Int

    /// Whether the kernel takes the short way that looks neither at fragments nor beyond the linear part
    /// (kernel facts §1.2): aligned loads of 1, 2 or 4 bytes.
    var isFast: Bool {
        (base == .network || base == .transport) && (length == 1 || length == 2 || length == 4)
            && offset % length == 0
    }
}

/// One step.
///
/// Register slots are `Int`s that were checked to leave room for the length.
enum Instruction: Sendable {
    case metaLoad(LoadableMeta, Int)
    case markStore(Int)
    case priorityStore(Int)
    case payloadLoad(PayloadPlace, Int)
    case payloadStore(PayloadPlace, Int, checksumOffset: Int?, mendsTransport: Bool)
    case ipv6Header(type: UInt8, offset: Int, length: Int, testsPresence: Bool, Int)
    /// By presence alone.
    case ipv4Option(type: UInt8, Int)
    case tcpOption(type: UInt8, offset: Int, length: Int, testsPresence: Bool, Int)
    /// Two bytes of an option.
    case tcpOptionStore(type: UInt8, offset: Int, Int)
    case conntrackLoad(LoadableConntrack, Int)
    case conntrackMarkStore(Int)
    case compare(Comparison, Int, RegisterValue)
    case range(inside: Bool, Int, RegisterValue, RegisterValue)
    case bitwise(Int, into: Int, mask: RegisterValue, xor: RegisterValue)
    case byteOrder(Int, into: Int, length: Int, size: Int)
    case immediate(Int, RegisterValue)
    case verdict(CompiledVerdict)
    case lookup(set: Int, Int, into: Int?, inverted: Bool)
    case verdictMap(set: Int, Int)
    case object(Int)
    case objectMap(set: Int, Int)
    case anonymousCounter
    case anonymousLimit(LimitShape, expression: Int)
    case log(LogParameters)
    case reject(RejectKind)
    case notrack
    /// No answer past this point; by index into the machine's refusals.
    case refuse(Int)
}

/// A stateful object as the machine charges it.
struct CompiledObject: Sendable {
    enum Kind: Sendable {
        case counter
        case limit(LimitShape)
        case conntrackTimeout(ConntrackTimeout)
        case refuse(Int)
    }

    var key: ObjectKey
    var kind: Kind
}

/// A chain as the machine walks it.
struct CompiledChain: Sendable {
    var name: String
    var base: BaseChain?
    /// Its rules as indices into the machine's rules.
    var rules: Range<Int>
}
