// SPDX-License-Identifier: Apache-2.0
// Questions to nftables: the header that every one has, and the refusal to pass over answers that do not parse.
import CNetfilterShims
import Glibc
import Netlink
import NftablesIR

extension NftablesConnection {
    /// Asks for one object.
    mutating func ask(
        _ type: nf_tables_msg_types,
        family: UInt16,
        operation: String,
        _ body: (inout AttributeWriter) -> Void = { _ in }
    ) throws(NetlinkError) -> [NetlinkMessage] {
        try socket.request(
            type: Self.messageType(type),
            payload: Self.payload(family, body),
            operation: operation
        )
    }

    /// Asks for a dump; `body` gets each object's attributes and family, and says false if it cannot read them.
    mutating func dump(
        _ type: nf_tables_msg_types,
        family: UInt16,
        operation: String,
        _ request: (inout AttributeWriter) -> Void = { _ in },
        _ body: (inout AttributeFields, TableFamily?) -> Bool
    ) throws(NetlinkError) {
        try socket.dump(
            type: Self.messageType(type),
            payload: Self.payload(family, request),
            operation: operation
        ) { message throws(NetlinkError) in
            guard var fields = try? message.attributes(after: 4),
                body(&fields, TableFamily(number: message.payloadByte(0)))
            else { throw NetlinkError(.malformed, operation: operation) }
        }
    }

    private static func messageType(_ type: nf_tables_msg_types) -> UInt16 {
        UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(type.rawValue)
    }

    private static func payload(_ family: UInt16, _ body: (inout AttributeWriter) -> Void) -> [UInt8] {
        var writer = AttributeWriter()
        // struct nfgenmsg: family, version, resource id.
        writer.raw([UInt8(family), UInt8(NFNETLINK_V0), 0, 0])
        body(&writer)
        return writer.bytes
    }
}

extension Generation {
    /// The generation that a message tells of; nil if it is another message.
    init?(_ message: NetlinkMessage) {
        let type = UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_NEWGEN.rawValue)
        guard message.type == type, var fields = try? message.attributes(after: 4),
            let id = fields.network32(NFTA_GEN_ID.rawValue)
        else { return nil }
        self.init(
            id: id,
            threadID: fields.network32(NFTA_GEN_PROC_PID.rawValue) ?? 0,
            threadName: fields.text(NFTA_GEN_PROC_NAME.rawValue) ?? ""
        )
    }
}
