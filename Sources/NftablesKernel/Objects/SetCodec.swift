// SPDX-License-Identifier: Apache-2.0
// Sets and maps, without their elements, to messages and back.
import CMnl
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

enum SetCodec {
    /// Flags that the values of the IR say in another way.
    private static let spokenFlags =
        NFT_SET_CONSTANT.rawValue | NFT_SET_INTERVAL.rawValue | NFT_SET_MAP.rawValue | NFT_SET_OBJECT.rawValue
        | NFT_SET_CONCAT.rawValue

    static func write(_ set: NamedSet, table: String, id: UInt32, to writer: MessageWriter) throws(EncodingFailure) {
        try checkName(set.name)
        try checkName(table)
        guard let handle = unsafe nftnl_set_alloc() else { throw EncodingFailure(reason: "out of memory") }
        defer { unsafe nftnl_set_free(handle) }
        func number(_ attribute: nftnl_set_attr, _ value: UInt32) {
            unsafe nftnl_set_set_u32(handle, UInt16(attribute.rawValue), value)
        }
        func data(_ attribute: nftnl_set_attr, _ bytes: [UInt8]) {
            unsafe bytes.withUnsafeBytes {
                _ = unsafe nftnl_set_set_data(handle, UInt16(attribute.rawValue), $0.baseAddress, UInt32($0.count))
            }
        }
        unsafe nftnl_set_set_str(handle, UInt16(NFTNL_SET_TABLE.rawValue), table)
        unsafe nftnl_set_set_str(handle, UInt16(NFTNL_SET_NAME.rawValue), set.name)
        number(NFTNL_SET_ID, id)
        number(NFTNL_SET_KEY_TYPE, set.key.typeNumber)
        number(NFTNL_SET_KEY_LEN, set.key.length)
        var flags = set.otherFlags
        if set.isInterval { flags |= NFT_SET_INTERVAL.rawValue }
        if set.isConstant { flags |= NFT_SET_CONSTANT.rawValue }
        switch set.data {
        case .none: break
        case .verdict:
            flags |= NFT_SET_MAP.rawValue
            number(NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT.rawValue)
            number(NFTNL_SET_DATA_LEN, 16)
        case .value(let length, let typeNumber):
            flags |= NFT_SET_MAP.rawValue
            number(NFTNL_SET_DATA_TYPE, typeNumber)
            number(NFTNL_SET_DATA_LEN, length)
        case .object(let kind):
            flags |= NFT_SET_OBJECT.rawValue
            number(NFTNL_SET_OBJ_TYPE, kind.rawValue)
        }
        if set.key.fieldLengths.count > 1 {
            // Lengths are in bytes, whatever the kernel's header says (kernel facts §5).
            guard set.key.fieldLengths.count <= 16, set.key.fieldLengths.allSatisfy({ 1...64 ~= $0 }) else {
                throw EncodingFailure(reason: "set \(set.name) has too many or too long fields")
            }
            flags |= NFT_SET_CONCAT.rawValue
            data(NFTNL_SET_DESC_CONCAT, set.key.fieldLengths.map { UInt8($0) })
        }
        number(NFTNL_SET_FLAGS, flags)
        data(NFTNL_SET_USERDATA, userData(set))
        unsafe nftnl_set_nlmsg_build_payload(writer.header, handle)
    }

    /// The byte order of key and data, without which `nft` shows marks turned around.
    private static func userData(_ set: NamedSet) -> [UInt8] {
        func record(_ kind: nftnl_udata_set_types, _ typeNumber: UInt32) -> [UInt8] {
            // nft's types in host order: string 5, mark 19, interface index 20, user 24, group 25, conntrack state 26,
            // direction 27, status 28, label 29, interface name 41. Its numbers for the orders: host 1, network 2.
            let isHost = [5, 19, 20, 24, 25, 26, 27, 28, 29, 41].contains(typeNumber)
            let order = UInt32(isHost ? 1 : 2).littleEndian.byteSwapped
            return [UInt8(kind.rawValue), 4] + (0..<4).map { UInt8(truncatingIfNeeded: order >> (24 - 8 * UInt32($0))) }
        }
        var bytes = record(NFTNL_UDATA_SET_KEYBYTEORDER, set.key.typeNumber)
        if case .value(_, let typeNumber) = set.data { bytes += record(NFTNL_UDATA_SET_DATABYTEORDER, typeNumber) }
        return bytes
    }

    /// What a dump says about one set.
    struct Reading {
        var table: String
        var set: NamedSet
        /// The kernel's own count of its elements, if it tells (Linux 6.16).
        var count: UInt32?
        var unknowns: [UnknownProperty]

        /// Whether elements come and go without a commit: by timeout, or from the packet path.
        var changesByItself: Bool { self.set.otherFlags & (NFT_SET_TIMEOUT.rawValue | NFT_SET_EVAL.rawValue) != 0 }
    }

    static func read(_ fields: inout AttributeFields) -> Reading? {
        guard let table = fields.text(NFTA_SET_TABLE.rawValue),
            let name = fields.text(NFTA_SET_NAME.rawValue),
            let keyLength = fields.network32(NFTA_SET_KEY_LEN.rawValue)
        else { return nil }
        let flags = fields.network32(NFTA_SET_FLAGS.rawValue) ?? 0
        var unknowns: [UnknownProperty] = []
        var key = SetKeyType(typeNumber: fields.network32(NFTA_SET_KEY_TYPE.rawValue) ?? 0, length: keyLength)
        if let description = fields.take(NFTA_SET_DESC.rawValue) {
            if let lengths = fieldLengths(description) {
                key.fieldLengths = lengths
            } else {
                unknowns.append(UnknownProperty("set \(name)", "description"))
            }
        }
        let dataType = fields.network32(NFTA_SET_DATA_TYPE.rawValue)
        let dataLength = fields.network32(NFTA_SET_DATA_LEN.rawValue)
        let objectType = fields.network32(NFTA_SET_OBJ_TYPE.rawValue)
        var data = SetData.none
        switch (flags & NFT_SET_MAP.rawValue != 0, flags & NFT_SET_OBJECT.rawValue != 0) {
        case (false, false): break
        case (true, false) where dataType == NFT_DATA_VERDICT.rawValue: data = .verdict
        case (true, false):
            data = .value(length: dataLength ?? 0, typeNumber: dataType ?? 0)
        case (false, true):
            if let kind = objectType.flatMap(ObjectKind.init) {
                data = .object(kind)
            } else {
                unknowns.append(UnknownProperty("set \(name)", "objects of kind \(objectType ?? 0)"))
            }
        case (true, true): unknowns.append(UnknownProperty("set \(name)", "a map of values and objects"))
        }
        let count = fields.network32(CNetfilterShims_NFTA_SET_COUNT)
        // The backend's name and size and the user data (byte order, comment) change nothing that a packet can see.
        fields.discard(
            NFTA_SET_HANDLE.rawValue,
            NFTA_SET_PAD.rawValue,
            NFTA_SET_USERDATA.rawValue,
            NFTA_SET_ID.rawValue,
            CNetfilterShims_NFTA_SET_TYPE
        )
        if !fields.isExhausted { unknowns.append(UnknownProperty("set \(name)", leftOver: fields)) }
        let set = NamedSet(
            name: name,
            key: key,
            data: data,
            isInterval: flags & NFT_SET_INTERVAL.rawValue != 0,
            isConstant: flags & NFT_SET_CONSTANT.rawValue != 0,
            otherFlags: flags & ~spokenFlags
        )
        return Reading(table: table, set: set, count: count, unknowns: unknowns)
    }

    /// The lengths of the fields of a concatenation; empty for a single field, nil if not understood.
    private static func fieldLengths(_ description: Attribute) -> [UInt32]? {
        guard var fields = try? description.nested() else { return nil }
        // The size is a promise about the number of elements, which picks the backend.
        fields.discard(NFTA_SET_DESC_SIZE.rawValue)
        guard let list = fields.take(NFTA_SET_DESC_CONCAT.rawValue) else { return fields.isExhausted ? [] : nil }
        guard fields.isExhausted, let items = try? list.list() else { return nil }
        var lengths: [UInt32] = []
        for item in items {
            guard var field = try? item.nested(),
                let length = field.network32(NFTA_SET_FIELD_LEN.rawValue), field.isExhausted
            else { return nil }
            lengths.append(length)
        }
        return lengths
    }
}
