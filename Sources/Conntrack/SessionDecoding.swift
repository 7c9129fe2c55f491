// SPDX-License-Identifier: Apache-2.0
// ctnetlink messages as values. Attributes that we have no use for are passed over: unlike a rule, an entry with an
// unknown property decides nothing that we rely on.
import CNetfilterShims
import Netlink
import NetworkTypes

extension TrackedSession {
    /// Reads a message of ctnetlink; nil if it is about something else or lacks a direction.
    init?(_ message: NetlinkMessage) throws(MalformedAttributes) {
        guard message.type >> 8 == UInt16(NFNL_SUBSYS_CTNETLINK) else { return nil }
        var fields = try message.attributes(after: 4)
        guard let original = try SessionTuple(fields.take(CTA_TUPLE_ORIG.rawValue)),
            let reply = try SessionTuple(fields.take(CTA_TUPLE_REPLY.rawValue))
        else { return nil }
        self.init(id: fields.network32(CTA_ID.rawValue) ?? 0, original: original, reply: reply)
        status = SessionStatus(rawValue: fields.network32(CTA_STATUS.rawValue) ?? 0)
        mark = fields.network32(CTA_MARK.rawValue) ?? 0
        zone = fields.take(CTA_ZONE.rawValue)?.network16 ?? 0
        timeout = fields.network32(CTA_TIMEOUT.rawValue)
        originalTraffic = try SessionTraffic(fields.take(CTA_COUNTERS_ORIG.rawValue))
        replyTraffic = try SessionTraffic(fields.take(CTA_COUNTERS_REPLY.rawValue))
        parent = try SessionTuple(fields.take(CTA_TUPLE_MASTER.rawValue))
        if var times = try fields.take(CTA_TIMESTAMP.rawValue)?.nested() {
            start = times.network64(CTA_TIMESTAMP_START.rawValue)
            stop = times.network64(CTA_TIMESTAMP_STOP.rawValue)
        }
        if var information = try fields.take(CTA_PROTOINFO.rawValue)?.nested(),
            var tcp = try information.take(CTA_PROTOINFO_TCP.rawValue)?.nested()
        {
            tcpState = tcp.take(CTA_PROTOINFO_TCP_STATE.rawValue)?.byte.flatMap(TrackedTCPState.init)
        }
    }
}

extension SessionTraffic {
    fileprivate init?(_ attribute: Attribute?) throws(MalformedAttributes) {
        guard var fields = try attribute?.nested(), let packets = fields.network64(CTA_COUNTERS_PACKETS.rawValue),
            let bytes = fields.network64(CTA_COUNTERS_BYTES.rawValue)
        else { return nil }
        self.init(packets: packets, bytes: bytes)
    }
}

extension SessionTuple {
    fileprivate init?(_ attribute: Attribute?) throws(MalformedAttributes) {
        guard var fields = try attribute?.nested(),
            var addresses = try fields.take(CTA_TUPLE_IP.rawValue)?.nested(),
            var transport = try fields.take(CTA_TUPLE_PROTO.rawValue)?.nested()
        else { return nil }
        let source = addresses.take(CTA_IP_V4_SRC.rawValue) ?? addresses.take(CTA_IP_V6_SRC.rawValue)
        let destination = addresses.take(CTA_IP_V4_DST.rawValue) ?? addresses.take(CTA_IP_V6_DST.rawValue)
        guard let source = source.flatMap({ IPAddress(octets: $0.bytes) }),
            let destination = destination.flatMap({ IPAddress(octets: $0.bytes) }),
            let number = transport.take(CTA_PROTO_NUM.rawValue)?.byte
        else { return nil }
        self.init(source: source, destination: destination, protocolNumber: number)
        func query(_ id: UInt32, _ type: UInt32, _ code: UInt32) -> Selector? {
            guard let id = transport.take(id)?.network16, let type = transport.take(type)?.byte,
                let code = transport.take(code)?.byte
            else { return nil }
            return .query(identifier: id, type: type, code: code)
        }
        if let from = transport.take(CTA_PROTO_SRC_PORT.rawValue)?.network16,
            let to = transport.take(CTA_PROTO_DST_PORT.rawValue)?.network16
        {
            selector = .ports(source: from, destination: to)
        } else {
            selector =
                query(CTA_PROTO_ICMP_ID.rawValue, CTA_PROTO_ICMP_TYPE.rawValue, CTA_PROTO_ICMP_CODE.rawValue)
                ?? query(
                    CTA_PROTO_ICMPV6_ID.rawValue,
                    CTA_PROTO_ICMPV6_TYPE.rawValue,
                    CTA_PROTO_ICMPV6_CODE.rawValue
                ) ?? .none
        }
    }
}

extension AttributeWriter {
    /// Writes a direction, as requests name an entry by it.
    mutating func put(_ type: UInt32, _ tuple: SessionTuple) {
        let isIPv4 = tuple.source.family == .inet
        nest(type) { writer in
            writer.nest(CTA_TUPLE_IP.rawValue) {
                $0.put(isIPv4 ? CTA_IP_V4_SRC.rawValue : CTA_IP_V6_SRC.rawValue, tuple.source.octets)
                $0.put(isIPv4 ? CTA_IP_V4_DST.rawValue : CTA_IP_V6_DST.rawValue, tuple.destination.octets)
            }
            writer.nest(CTA_TUPLE_PROTO.rawValue) { writer in
                writer.put(CTA_PROTO_NUM.rawValue, [tuple.protocolNumber])
                switch tuple.selector {
                case .ports(let source, let destination):
                    writer.put(CTA_PROTO_SRC_PORT.rawValue, network16: source)
                    writer.put(CTA_PROTO_DST_PORT.rawValue, network16: destination)
                case .query(let identifier, let kind, let code):
                    writer.put(
                        isIPv4 ? CTA_PROTO_ICMP_ID.rawValue : CTA_PROTO_ICMPV6_ID.rawValue,
                        network16: identifier
                    )
                    writer.put(isIPv4 ? CTA_PROTO_ICMP_TYPE.rawValue : CTA_PROTO_ICMPV6_TYPE.rawValue, [kind])
                    writer.put(isIPv4 ? CTA_PROTO_ICMP_CODE.rawValue : CTA_PROTO_ICMPV6_CODE.rawValue, [code])
                case .none: break
                }
            }
        }
    }
}
