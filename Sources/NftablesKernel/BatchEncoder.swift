// SPDX-License-Identifier: Apache-2.0
// A batch as messages, remembering which change each message came from.
import CMnl
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

/// The messages of a batch while they are built.
struct BatchEncoder: ~Copyable {
    /// The messages, from the one that begins the batch on.
    private(set) var buffer = MessageBuffer()
    /// For each message behind the first: the index of the change it came from.
    private(set) var origins: [Int32] = []
    private let batch: Batch
    private let firstSequence: UInt32
    private var setCount: UInt32 = 0

    /// Elements of one message stay below this, so that the list's 16-bit length holds (kernel facts §5).
    private static let elementBytes = 60_000

    /// Writes a batch down; fails with the index of the change that cannot be written.
    ///
    /// The message that begins the batch has the sequence number `firstSequence`, each further one the next.
    init(_ batch: Batch, firstSequence: UInt32, generation: UInt32?, commits: Bool) throws(BatchFailure) {
        self.batch = batch
        self.firstSequence = firstSequence
        buffer.delimiter(NFNL_MSG_BATCH_BEGIN, sequence: firstSequence, generation: generation)
        for (index, change) in batch.changes.enumerated() {
            do {
                try append(change, index: Int32(clamping: index))
            } catch {
                throw BatchFailure(
                    .notEncodable,
                    refusals: [BatchFailure.Refusal(change: index, errno: 0, message: error.reason)]
                )
            }
        }
        if commits { buffer.delimiter(NFNL_MSG_BATCH_END, sequence: sequence, generation: nil) }
    }

    /// The messages as bytes of one's own.
    func copy() -> [UInt8] { unsafe Array(buffer.bytes) }

    private var sequence: UInt32 { firstSequence &+ UInt32(origins.count) &+ 1 }

    /// How many sequence numbers a batch needs at most.
    static func sequences(for batch: Batch) -> Int {
        batch.changes.reduce(2) { count, change in
            switch change {
            case .addElements(_, _, let elements), .deleteElements(_, _, let elements):
                // Two raw elements each, of at most 1 KB; no message is less than half full.
                count + 1 + elements.count / 8
            default: count + 1
            }
        }
    }

    private mutating func append(_ change: Change, index: Int32) throws(EncodingFailure) {
        let table = batch.table
        switch change {
        case .addTable(let flags):
            try message(NFT_MSG_NEWTABLE, NLM_F_CREATE, index) { writer throws(EncodingFailure) in
                try TableCodec.write(table, flags: flags, to: writer)
            }
        case .deleteTable:
            try message(NFT_MSG_DELTABLE, 0, index) { writer throws(EncodingFailure) in
                try TableCodec.write(table, flags: nil, to: writer)
            }
        case .addChain(let name, let base):
            let batch = batch
            try message(NFT_MSG_NEWCHAIN, NLM_F_CREATE, index) { writer throws(EncodingFailure) in
                try ChainCodec.write(name, base: base, in: batch, to: writer)
            }
        case .deleteChain(let name):
            let batch = batch
            try message(NFT_MSG_DELCHAIN, 0, index) { writer throws(EncodingFailure) in
                try ChainCodec.write(name, base: nil, in: batch, to: writer)
            }
        case .flushChain(let name):
            try message(NFT_MSG_DELRULE, 0, index) { writer throws(EncodingFailure) in
                try RuleCodec.writeReference(chain: name, table: table, handle: nil, to: writer)
            }
        case .addRule(let chain, let rule):
            try message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, index) { writer throws(EncodingFailure) in
                try RuleCodec.write(rule, chain: chain, table: table, to: writer)
            }
        case .deleteRule(let chain, let handle):
            try message(NFT_MSG_DELRULE, 0, index) { writer throws(EncodingFailure) in
                try RuleCodec.writeReference(chain: chain, table: table, handle: handle, to: writer)
            }
        case .addSet(let set):
            setCount += 1
            let id = setCount
            try message(NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, index) { writer throws(EncodingFailure) in
                try SetCodec.write(set, table: table, id: id, to: writer)
            }
        case .deleteSet(let name):
            try message(NFT_MSG_DELSET, 0, index) { writer throws(EncodingFailure) in
                try writer.name(NFTA_SET_TABLE.rawValue, table)
                try writer.name(NFTA_SET_NAME.rawValue, name)
            }
        case .addElements(let set, let layout, let elements):
            try append(elements, of: set, layout, NFT_MSG_NEWSETELEM, NLM_F_CREATE, index)
        case .deleteElements(let set, let layout, let elements):
            try append(elements, of: set, layout, NFT_MSG_DELSETELEM, 0, index)
        case .flushSet(let name):
            try message(NFT_MSG_DELSETELEM, 0, index) { writer throws(EncodingFailure) in
                try writer.name(NFTA_SET_ELEM_LIST_TABLE.rawValue, table)
                try writer.name(NFTA_SET_ELEM_LIST_SET.rawValue, name)
            }
        case .addObject(let key, let object):
            try message(NFT_MSG_NEWOBJ, NLM_F_CREATE | NLM_F_EXCL, index) { writer throws(EncodingFailure) in
                try ObjectCodec.write(key, object, table: table, to: writer)
            }
        case .deleteObject(let key):
            try message(NFT_MSG_DELOBJ, 0, index) { writer throws(EncodingFailure) in
                try ObjectCodec.write(key, nil, table: table, to: writer)
            }
        }
    }

    private mutating func message(
        _ type: nf_tables_msg_types,
        _ flags: Int32,
        _ index: Int32,
        _ body: (MessageWriter) throws(EncodingFailure) -> Void
    ) throws(EncodingFailure) {
        unsafe try buffer.message(
            type.rawValue,
            family: batch.family.number,
            flags: NLM_F_REQUEST | flags,
            sequence: sequence
        ) { header throws(EncodingFailure) in
            unsafe try body(MessageWriter(header: header))
        }
        origins.append(index)
    }

    private mutating func append(
        _ elements: [SetElement],
        of set: String,
        _ layout: SetLayout,
        _ type: nf_tables_msg_types,
        _ flags: Int32,
        _ index: Int32
    ) throws(EncodingFailure) {
        let table = batch.table
        var position = 0
        while position < elements.count {
            var next = position
            try message(type, flags, index) { writer throws(EncodingFailure) in
                try writer.name(NFTA_SET_ELEM_LIST_TABLE.rawValue, table)
                try writer.name(NFTA_SET_ELEM_LIST_SET.rawValue, set)
                try writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) { () throws(EncodingFailure) in
                    while next < elements.count, writer.length < Self.elementBytes {
                        for raw in try ElementCodec.raw(elements[next], layout: layout) {
                            try ElementCodec.write(raw, to: writer)
                        }
                        next += 1
                    }
                }
            }
            position = next
        }
    }
}
