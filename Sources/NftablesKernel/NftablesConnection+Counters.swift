// SPDX-License-Identifier: Apache-2.0
// Readings of named counters: state of the kernel's, not part of the program.
import CNetfilterShims
public import Netlink
public import NftablesIR

extension NftablesConnection {
    /// The readings of all named counters of a table, by name, in one dump.
    public mutating func counters(
        _ family: TableFamily,
        _ table: String
    ) throws(NetlinkError) -> [String: CounterValue] {
        try readings(NFT_MSG_GETOBJ, family, table)
    }

    /// Reads all named counters of a table and sets them to zero; no packet is lost between (kernel facts §4).
    public mutating func resetCounters(
        _ family: TableFamily,
        _ table: String
    ) throws(NetlinkError) -> [String: CounterValue] {
        try readings(NFT_MSG_GETOBJ_RESET, family, table)
    }

    /// Reads one named counter; nil if there is none.
    public mutating func counter(
        _ name: String,
        in family: TableFamily,
        _ table: String
    ) throws(NetlinkError) -> CounterValue? {
        try reading(NFT_MSG_GETOBJ, name, family, table)
    }

    /// Reads one named counter and sets it to zero; nil if there is none.
    public mutating func resetCounter(
        _ name: String,
        in family: TableFamily,
        _ table: String
    ) throws(NetlinkError) -> CounterValue? {
        try reading(NFT_MSG_GETOBJ_RESET, name, family, table)
    }

    private mutating func readings(
        _ type: nf_tables_msg_types,
        _ family: TableFamily,
        _ table: String
    ) throws(NetlinkError) -> [String: CounterValue] {
        var result: [String: CounterValue] = [:]
        for object in try objects(type, of: family, table, kind: .counter) {
            if let counter = object.counter { result[object.key.name] = counter }
        }
        return result
    }

    private mutating func reading(
        _ type: nf_tables_msg_types,
        _ name: String,
        _ family: TableFamily,
        _ table: String
    ) throws(NetlinkError) -> CounterValue? {
        let operation = "read counter \(family.rawValue) \(table) \(name)"
        do {
            for message in try ask(
                type,
                family: family.number,
                operation: operation,
                { request in
                    request.put(NFTA_OBJ_TABLE.rawValue, text: table)
                    request.put(NFTA_OBJ_NAME.rawValue, text: name)
                    request.put(NFTA_OBJ_TYPE.rawValue, network32: ObjectKind.counter.rawValue)
                }
            ) {
                if var fields = try? message.attributes(after: 4), let reading = ObjectCodec.read(&fields) {
                    return reading.counter
                }
            }
        } catch  where error.code == .notFound { return nil }
        throw NetlinkError(.malformed, operation: operation)
    }

    mutating func objects(
        _ type: nf_tables_msg_types,
        of family: TableFamily,
        _ table: String,
        kind: ObjectKind?
    ) throws(NetlinkError) -> [ObjectCodec.Reading] {
        var result: [ObjectCodec.Reading] = []
        let operation = "list the objects of \(family.rawValue) \(table)"
        try dump(
            type,
            family: family.number,
            operation: operation,
            { request in
                request.put(NFTA_OBJ_TABLE.rawValue, text: table)
                if let kind { request.put(NFTA_OBJ_TYPE.rawValue, network32: kind.rawValue) }
            }
        ) { fields, _ in
            guard let reading = ObjectCodec.read(&fields) else { return false }
            if reading.table == table { result.append(reading) }
            return true
        }
        return result
    }
}
