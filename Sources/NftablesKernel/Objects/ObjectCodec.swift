// SPDX-License-Identifier: Apache-2.0
// Stateful objects to messages and back, and the readings of counters.
import CMnl
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

enum ObjectCodec {
    static func write(
        _ key: ObjectKey,
        _ object: StatefulObject?,
        table: String,
        to writer: MessageWriter
    ) throws(EncodingFailure) {
        try checkName(key.name)
        try checkName(table)
        if case .unknown(let attributes) = object {
            try writer.name(NFTA_OBJ_TABLE.rawValue, table)
            try writer.name(NFTA_OBJ_NAME.rawValue, key.name)
            writer.number(NFTA_OBJ_TYPE.rawValue, key.kind.rawValue)
            try writer.bytes(NFTA_OBJ_DATA.rawValue | 0x8000, attributes)
            return
        }
        if case .conntrackTimeout(let timeout) = object {
            guard key.kind == .conntrackTimeout else {
                throw EncodingFailure(reason: "object \(key.name) has the parameters of another kind")
            }
            try writer.name(NFTA_OBJ_TABLE.rawValue, table)
            try writer.name(NFTA_OBJ_NAME.rawValue, key.name)
            writer.number(NFTA_OBJ_TYPE.rawValue, key.kind.rawValue)
            try TimeoutCodec.write(timeout, to: writer)
            return
        }
        guard let handle = unsafe nftnl_obj_alloc() else { throw EncodingFailure(reason: "out of memory") }
        defer { unsafe nftnl_obj_free(handle) }
        unsafe nftnl_obj_set_str(handle, UInt16(NFTNL_OBJ_TABLE), table)
        unsafe nftnl_obj_set_str(handle, UInt16(NFTNL_OBJ_NAME), key.name)
        unsafe nftnl_obj_set_u32(handle, UInt16(NFTNL_OBJ_TYPE), key.kind.rawValue)
        switch (key.kind, object) {
        case (.counter, .counter):
            // Zero readings, so that the data nest stands: the kernel refuses an object without it.
            unsafe nftnl_obj_set_u64(handle, UInt16(NFTNL_OBJ_CTR_PKTS), 0)
            unsafe nftnl_obj_set_u64(handle, UInt16(NFTNL_OBJ_CTR_BYTES), 0)
        case (.limit, .limit(let limit)):
            unsafe nftnl_obj_set_u64(handle, UInt16(NFTNL_OBJ_LIMIT_RATE), limit.rate)
            unsafe nftnl_obj_set_u64(handle, UInt16(NFTNL_OBJ_LIMIT_UNIT), limit.period)
            unsafe nftnl_obj_set_u32(handle, UInt16(NFTNL_OBJ_LIMIT_BURST), limit.burst)
            unsafe nftnl_obj_set_u32(handle, UInt16(NFTNL_OBJ_LIMIT_TYPE), limit.unit.rawValue)
            let flags = limit.matchesOver ? NFT_LIMIT_F_INV.rawValue : 0
            unsafe nftnl_obj_set_u32(handle, UInt16(NFTNL_OBJ_LIMIT_FLAGS), flags)
        case (_, nil): break
        default: throw EncodingFailure(reason: "object \(key.name) has the parameters of another kind")
        }
        unsafe nftnl_obj_nlmsg_build_payload(writer.header, handle)
    }

    /// What a dump says about one object.
    struct Reading {
        var table: String
        var key: ObjectKey
        var object: StatefulObject
        /// The readings, if it is a counter.
        var counter: CounterValue?
        var unknowns: [UnknownProperty]
    }

    static func read(_ fields: inout AttributeFields) -> Reading? {
        guard let table = fields.text(NFTA_OBJ_TABLE.rawValue),
            let name = fields.text(NFTA_OBJ_NAME.rawValue),
            let kind = fields.network32(NFTA_OBJ_TYPE.rawValue).flatMap(ObjectKind.init),
            let data = fields.take(NFTA_OBJ_DATA.rawValue)
        else { return nil }
        fields.discard(
            NFTA_OBJ_USE.rawValue,
            NFTA_OBJ_HANDLE.rawValue,
            NFTA_OBJ_PAD.rawValue,
            NFTA_OBJ_USERDATA.rawValue
        )
        var reading = Reading(
            table: table,
            key: ObjectKey(kind, name),
            object: .unknown(attributes: data.bytes),
            counter: nil,
            unknowns: fields.isExhausted ? [] : [UnknownProperty("object \(name)", leftOver: fields)]
        )
        guard var inner = try? data.nested() else { return reading }
        if kind == .counter, let counter = ExpressionDecoder.reading(&inner), inner.isExhausted {
            reading.object = .counter
            reading.counter = counter
        } else if kind == .limit, let limit = ExpressionDecoder.limit(&inner), inner.isExhausted {
            reading.object = .limit(limit)
        } else if kind == .conntrackTimeout, let timeout = TimeoutCodec.read(&inner), inner.isExhausted {
            reading.object = .conntrackTimeout(timeout)
        }
        return reading
    }
}
