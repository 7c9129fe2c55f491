// SPDX-License-Identifier: Apache-2.0
// Elements of sets to messages and back; ranges become what the set's backend wants and become ranges again.
//
// One canonical form: a range of one key is `.single`. Writing takes both forms and writes the same; reading gives
// only `.single`.
import CMnl
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

/// One element as the kernel has it.
struct RawElement: Hashable {
    /// `NFTA_SET_ELEM_KEY`; nil for the catch-all.
    var key: [UInt8]?
    /// `NFTA_SET_ELEM_KEY_END`, the last key of a range of a concatenation.
    var keyEnd: [UInt8]?
    /// `NFT_SET_ELEM_*`.
    var flags: UInt32 = 0
    /// What the map gives; none for the end of an interval.
    var value: SetElement.Value = .none

    /// Whether it ends an interval (its key is the first one outside).
    var isEnd: Bool { flags & NFT_SET_ELEM_INTERVAL_END.rawValue != 0 }
}

enum ElementCodec {
    // MARK: Ranges

    /// What the kernel is to hold for one element.
    ///
    /// Intervals are a start and an end each, never sharing one, so that elements come and go independently. The end
    /// is the first key outside; there is none if the range ends at all ones. `nft` also puts an end at zero before
    /// the first range of a new set; the kernel never needs it, so it is read over but not written.
    static func raw(_ element: SetElement, layout: SetLayout) throws(EncodingFailure) -> [RawElement] {
        switch (element.key, layout) {
        case (.catchAll, _):
            return [RawElement(flags: NFT_SET_ELEM_CATCHALL.rawValue, value: element.value)]
        case (.single(let key), .exact):
            return [RawElement(key: key, value: element.value)]
        case (.single(let key), .concatenatedIntervals):
            return [RawElement(key: key, keyEnd: key, value: element.value)]
        case (.single(let key), .intervals):
            return interval(key, key, element.value)
        case (.range(let first, let last), _):
            guard first.count == last.count else { throw EncodingFailure(reason: "a range of different lengths") }
            if first == last { return try raw(SetElement(.single(first), element.value), layout: layout) }
            switch layout {
            case .exact: throw EncodingFailure(reason: "a range in a set without intervals")
            case .concatenatedIntervals: return [RawElement(key: first, keyEnd: last, value: element.value)]
            case .intervals:
                guard first.lexicographicallyPrecedes(last) else {
                    throw EncodingFailure(reason: "a range that ends before it begins")
                }
                return interval(first, last, element.value)
            }
        }
    }

    private static func interval(_ first: [UInt8], _ last: [UInt8], _ value: SetElement.Value) -> [RawElement] {
        let start = RawElement(key: first, value: value)
        guard let end = successor(last) else { return [start] }
        return [start, RawElement(key: end, flags: NFT_SET_ELEM_INTERVAL_END.rawValue)]
    }

    /// The next key in memory order; nil behind all ones.
    private static func successor(_ key: [UInt8]) -> [UInt8]? {
        var key = key
        for index in key.indices.reversed() {
            key[index] &+= 1
            if key[index] != 0 { return key }
        }
        return nil
    }

    /// The key before in memory order; nil before zero.
    private static func predecessor(_ key: [UInt8]) -> [UInt8]? {
        var key = key
        for index in key.indices.reversed() {
            key[index] &-= 1
            if key[index] != 0xff { return key }
        }
        return nil
    }

    /// The elements that raw ones stand for; what makes no sense is reported.
    static func elements(
        of raw: [RawElement],
        layout: SetLayout,
        set: String,
        unknowns: inout [UnknownProperty]
    ) -> Set<SetElement> {
        var result: Set<SetElement> = []
        result.reserveCapacity(raw.count)
        var markers: [(key: [UInt8], element: RawElement)] = []
        for element in raw {
            let known = NFT_SET_ELEM_CATCHALL.rawValue | NFT_SET_ELEM_INTERVAL_END.rawValue
            if element.flags & ~known != 0 || (element.isEnd && layout != .intervals) {
                unknowns.append(UnknownProperty("set \(set)", "element flags \(element.flags)"))
            }
            guard let key = element.key else {
                result.insert(SetElement(.catchAll, element.value))
                continue
            }
            switch layout {
            case .exact: result.insert(SetElement(.single(key), element.value))
            case .concatenatedIntervals:
                let last = element.keyEnd ?? key
                result.insert(SetElement(last == key ? .single(key) : .range(key, last), element.value))
            case .intervals: markers.append((key, element))
            }
        }
        // At equal keys the end of one range stands before the start of the next.
        markers.sort { left, right in
            if left.key == right.key { return left.element.isEnd && !right.element.isEnd }
            return left.key.lexicographicallyPrecedes(right.key)
        }
        for (index, marker) in markers.enumerated() where !marker.element.isEnd {
            // A start without an end reaches to the next start, or to all ones.
            let last =
                index + 1 < markers.count
                ? predecessor(markers[index + 1].key) : [UInt8](repeating: 0xff, count: marker.key.count)
            guard let last, !last.lexicographicallyPrecedes(marker.key) else {
                unknowns.append(UnknownProperty("set \(set)", "two ranges that begin at one key"))
                continue
            }
            result.insert(
                SetElement(last == marker.key ? .single(last) : .range(marker.key, last), marker.element.value)
            )
        }
        return result
    }

    // MARK: Messages

    /// Writes one element as a member of a message's list.
    static func write(_ element: RawElement, to writer: MessageWriter) throws(EncodingFailure) {
        guard let handle = unsafe nftnl_set_elem_alloc() else { throw EncodingFailure(reason: "out of memory") }
        defer { unsafe nftnl_set_elem_free(handle) }
        func data(_ attribute: Int, _ bytes: [UInt8]) throws(EncodingFailure) {
            // The library copies into 64 bytes without looking.
            let checked = try RegisterBytes(bytes)
            unsafe checked.bytes.withUnsafeBytes {
                _ = unsafe nftnl_set_elem_set(handle, UInt16(attribute), $0.baseAddress, UInt32($0.count))
            }
        }
        if let key = element.key { try data(Int(NFTNL_SET_ELEM_KEY), key) }
        if let keyEnd = element.keyEnd { try data(Int(NFTNL_SET_ELEM_KEY_END), keyEnd) }
        if element.flags != 0 { unsafe nftnl_set_elem_set_u32(handle, UInt16(NFTNL_SET_ELEM_FLAGS), element.flags) }
        switch element.value {
        case .none: break
        case .verdict(let verdict):
            let (code, chain) = verdictParts(verdict)
            unsafe nftnl_set_elem_set_u32(handle, UInt16(NFTNL_SET_ELEM_VERDICT), UInt32(bitPattern: code))
            if let chain {
                try checkName(chain)
                unsafe nftnl_set_elem_set_str(handle, UInt16(NFTNL_SET_ELEM_CHAIN), chain)
            }
        case .value(let bytes): try data(Int(NFTNL_SET_ELEM_DATA), bytes)
        case .object(let name):
            try checkName(name)
            unsafe nftnl_set_elem_set_str(handle, UInt16(NFTNL_SET_ELEM_OBJREF), name)
        }
        try writer.nest(NFTA_LIST_ELEM.rawValue) { () throws(EncodingFailure) in
            unsafe nftnl_set_elem_nlmsg_build_payload(writer.header, handle)
        }
    }

    /// Reads one element; nil if it is malformed.
    static func read(_ attribute: Attribute, set: NamedSet, unknowns: inout [UnknownProperty]) -> RawElement? {
        guard var fields = try? attribute.nested() else { return nil }
        var element = RawElement(flags: fields.network32(NFTA_SET_ELEM_FLAGS.rawValue) ?? 0)
        element.key = value(fields.take(NFTA_SET_ELEM_KEY.rawValue))
        element.keyEnd = value(fields.take(NFTA_SET_ELEM_KEY_END.rawValue))
        if element.key == nil, element.flags & NFT_SET_ELEM_CATCHALL.rawValue == 0 { return nil }
        let data = fields.take(NFTA_SET_ELEM_DATA.rawValue)
        if let name = fields.text(NFTA_SET_ELEM_OBJREF.rawValue) { element.value = .object(name) }
        if let data {
            if set.data == .verdict, let verdict = ExpressionDecoder.verdict(data) {
                element.value = .verdict(verdict)
            } else if let bytes = value(data) {
                element.value = .value(bytes)
            } else {
                unknowns.append(UnknownProperty("set \(set.name)", "element data"))
            }
        }
        // The comment of an element is for people.
        fields.discard(NFTA_SET_ELEM_USERDATA.rawValue, NFTA_SET_ELEM_PAD.rawValue)
        if !fields.isExhausted {
            // One line a set is enough; a dynamic set has timeouts and counters on every element.
            let unknown = UnknownProperty("set \(set.name), elements", leftOver: fields)
            if unknowns.last != unknown { unknowns.append(unknown) }
        }
        return element
    }

    private static func value(_ attribute: Attribute?) -> [UInt8]? {
        guard var fields = try? attribute?.nested() else { return nil }
        guard let value = fields.take(NFTA_DATA_VALUE.rawValue), fields.isExhausted else { return nil }
        return value.bytes
    }
}
