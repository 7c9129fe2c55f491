// SPDX-License-Identifier: Apache-2.0
// Tables to messages and back.
import CMnl
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

enum TableCodec {
    static func write(_ name: String, flags: UInt32?, to writer: MessageWriter) throws(EncodingFailure) {
        try checkName(name)
        guard let table = unsafe nftnl_table_alloc() else { throw EncodingFailure(reason: "out of memory") }
        defer { unsafe nftnl_table_free(table) }
        unsafe nftnl_table_set_str(table, UInt16(NFTNL_TABLE_NAME.rawValue), name)
        if let flags { unsafe nftnl_table_set_u32(table, UInt16(NFTNL_TABLE_FLAGS.rawValue), flags) }
        unsafe nftnl_table_nlmsg_build_payload(writer.header, table)
    }

    /// What a dump says about one table.
    struct Reading {
        var name: String
        var flags: UInt32
        var unknowns: [UnknownProperty]
    }

    static func read(_ fields: inout AttributeFields) -> Reading? {
        guard let name = fields.text(NFTA_TABLE_NAME.rawValue) else { return nil }
        let flags = fields.network32(NFTA_TABLE_FLAGS.rawValue) ?? 0
        // The owner is the port of the socket that owns it; that it has one is said by the flag.
        fields.discard(
            NFTA_TABLE_USE.rawValue,
            NFTA_TABLE_HANDLE.rawValue,
            NFTA_TABLE_PAD.rawValue,
            NFTA_TABLE_USERDATA.rawValue,
            NFTA_TABLE_OWNER.rawValue
        )
        let unknowns = fields.isExhausted ? [] : [UnknownProperty("table \(name)", leftOver: fields)]
        return Reading(name: name, flags: flags, unknowns: unknowns)
    }
}
