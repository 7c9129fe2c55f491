// SPDX-License-Identifier: Apache-2.0
// `objref`, `counter`, `limit`: references to state, and state of the rule's own.
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

extension ExpressionEncoder {
    static func stateful(_ expression: Expression) throws(EncodingFailure) -> ExpressionHandle {
        switch expression {
        case .object(let key):
            let handle = try ExpressionHandle("objref")
            handle.set(NFTNL_EXPR_OBJREF_IMM_TYPE, key.kind.rawValue)
            try handle.set(NFTNL_EXPR_OBJREF_IMM_NAME, name: key.name)
            return handle
        case .objectMap(let set, let key):
            let handle = try ExpressionHandle("objref")
            handle.set(NFTNL_EXPR_OBJREF_SET_SREG, try number(key))
            try handle.set(NFTNL_EXPR_OBJREF_SET_NAME, name: set)
            return handle
        case .counter: return try ExpressionHandle("counter")
        case .limit(let limit):
            let handle = try ExpressionHandle("limit")
            handle.set(NFTNL_EXPR_LIMIT_RATE, long: limit.rate)
            handle.set(NFTNL_EXPR_LIMIT_UNIT, long: limit.period)
            handle.set(NFTNL_EXPR_LIMIT_BURST, limit.burst)
            handle.set(NFTNL_EXPR_LIMIT_TYPE, limit.unit.rawValue)
            handle.set(NFTNL_EXPR_LIMIT_FLAGS, limit.matchesOver ? NFT_LIMIT_F_INV.rawValue : 0)
            return handle
        default: throw EncodingFailure(reason: "not a stateful expression")
        }
    }
}

extension ExpressionDecoder {
    static func object(_ fields: inout AttributeFields) -> Expression? {
        if let name = fields.text(NFTA_OBJREF_IMM_NAME.rawValue) {
            return fields.network32(NFTA_OBJREF_IMM_TYPE.rawValue).flatMap(ObjectKind.init).map {
                .object(ObjectKey($0, name))
            }
        }
        guard let set = fields.text(NFTA_OBJREF_SET_NAME.rawValue),
            let key = register(&fields, NFTA_OBJREF_SET_SREG.rawValue)
        else { return nil }
        // NFTA_OBJREF_SET_ID names a set of the same batch; it only ever stands beside the name.
        fields.discard(NFTA_OBJREF_SET_ID.rawValue)
        return .objectMap(set: set, key: key)
    }

    /// Readings are state, not program; they are dropped here.
    static func counter(_ fields: inout AttributeFields) -> Expression? {
        guard reading(&fields) != nil else { return nil }
        return .counter
    }

    /// Takes a counter's readings.
    static func reading(_ fields: inout AttributeFields) -> CounterValue? {
        fields.discard(NFTA_COUNTER_PAD.rawValue)
        // nft sends a fresh counter without readings.
        if fields.isExhausted { return CounterValue() }
        guard let bytes = fields.network64(NFTA_COUNTER_BYTES.rawValue),
            let packets = fields.network64(NFTA_COUNTER_PACKETS.rawValue)
        else { return nil }
        return CounterValue(packets: packets, bytes: bytes)
    }

    /// Takes a limit's parameters, of an expression or an object.
    static func limit(_ fields: inout AttributeFields) -> Limit? {
        fields.discard(NFTA_LIMIT_PAD.rawValue)
        guard let rate = fields.network64(NFTA_LIMIT_RATE.rawValue),
            let period = fields.network64(NFTA_LIMIT_UNIT.rawValue),
            let burst = fields.network32(NFTA_LIMIT_BURST.rawValue),
            let unit = fields.network32(NFTA_LIMIT_TYPE.rawValue).flatMap(Limit.Unit.init)
        else { return nil }
        let flags = fields.network32(NFTA_LIMIT_FLAGS.rawValue) ?? 0
        guard flags & ~NFT_LIMIT_F_INV.rawValue == 0 else { return nil }
        return Limit(rate: rate, period: period, burst: burst, unit: unit, matchesOver: flags != 0)
    }
}
