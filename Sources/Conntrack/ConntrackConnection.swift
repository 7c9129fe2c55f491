// SPDX-License-Identifier: Apache-2.0
// Reading and deleting the sessions of a network namespace.
import CNetfilterShims
public import Netlink
public import NetworkTypes

/// A choice of sessions by their `ct mark`, made by the kernel (kernel facts §14).
public struct MarkFilter: Hashable, Sendable {
    /// The bits wanted.
    public var value: UInt32
    /// The bits looked at; not 0.
    public var mask: UInt32

    /// Makes a filter.
    public init(_ value: UInt32, mask: UInt32) {
        self.value = value
        self.mask = mask
    }
}

/// The conntrack table of the network namespace that the calling thread was in when it was opened.
public struct ConntrackConnection: ~Copyable, Sendable {
    private var socket: NetlinkSocket
    /// How often a dump that a change cut is asked for again.
    private static let attempts = 20

    /// Opens it.
    public init(bufferSize: Int32 = 8 << 20) throws(NetlinkError) {
        socket = try NetlinkSocket(.netfilter, bufferSize: bufferSize)
    }

    /// Hands over every session, in no order; one that begins or ends meanwhile may be missing or there twice.
    public mutating func forEach(
        family: AddressFamily? = nil,
        marked filter: MarkFilter? = nil,
        _ body: (TrackedSession) -> Void
    ) throws(NetlinkError) {
        let operation = "read the sessions"
        try socket.dump(
            type: Self.type(IPCTNL_MSG_CT_GET),
            payload: Self.payload(family) { $0.put(filter) },
            operation: operation
        ) { message throws(NetlinkError) in
            do {
                if let session = try TrackedSession(message) { body(session) }
            } catch {
                throw NetlinkError(.malformed, operation: operation)
            }
        }
    }

    /// All sessions, in no order.
    public mutating func sessions(
        family: AddressFamily? = nil,
        marked filter: MarkFilter? = nil
    ) throws(NetlinkError) -> [TrackedSession] {
        var attempt = 1
        while true {
            var result: [TrackedSession] = []
            do {
                try forEach(family: family, marked: filter) { result.append($0) }
                return result
            } catch {
                guard error.code == .interrupted, attempt < Self.attempts else { throw error }
                attempt += 1
            }
        }
    }

    /// Deletes one session; false if it is gone, or another one has taken its place.
    public mutating func delete(_ session: TrackedSession) throws(NetlinkError) -> Bool {
        do {
            _ = try socket.request(
                type: Self.type(IPCTNL_MSG_CT_DELETE),
                payload: Self.payload(session.original.source.family) {
                    $0.put(CTA_TUPLE_ORIG.rawValue, session.original)
                    $0.put(CTA_ID.rawValue, network32: session.id)
                    if session.zone != 0 { $0.put(CTA_ZONE.rawValue, network16: session.zone) }
                },
                operation: "delete a session"
            )
            return true
        } catch {
            if error.code == .notFound { return false }
            throw error
        }
    }

    /// Replaces bits of one session's mark; false if it is gone.
    ///
    /// - Parameter change: the new bits, and which bits are replaced; the others stay as the kernel has them.
    public mutating func setMark(of session: TrackedSession, to change: MarkFilter) throws(NetlinkError) -> Bool {
        do {
            _ = try socket.request(
                // Without NLM_F_CREATE an entry that is not there is not made.
                type: Self.type(IPCTNL_MSG_CT_NEW),
                payload: Self.payload(session.original.source.family) {
                    $0.put(CTA_TUPLE_ORIG.rawValue, session.original)
                    $0.put(change)
                    if session.zone != 0 { $0.put(CTA_ZONE.rawValue, network16: session.zone) }
                },
                operation: "change a session's mark"
            )
            return true
        } catch {
            if error.code == .notFound { return false }
            throw error
        }
    }

    /// Deletes all sessions with a mark, of all families; without a filter all sessions.
    public mutating func deleteAll(marked filter: MarkFilter? = nil) throws(NetlinkError) {
        _ = try socket.request(
            type: Self.type(IPCTNL_MSG_CT_DELETE),
            // Version 0 and no family mean every family (kernel facts §14).
            payload: Self.payload(nil) { $0.put(filter) },
            operation: "delete sessions"
        )
    }

    private static func type(_ message: cntl_msg_types) -> UInt16 {
        UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(message.rawValue)
    }

    private static func payload(_ family: AddressFamily?, _ body: (inout AttributeWriter) -> Void) -> [UInt8] {
        var writer = AttributeWriter()
        let number: UInt8 =
            switch family {
            case .inet?: UInt8(AF_INET)
            case .inet6?: UInt8(AF_INET6)
            case nil: 0
            }
        // struct nfgenmsg: family, version, resource id.
        writer.raw([number, UInt8(NFNETLINK_V0), 0, 0])
        body(&writer)
        return writer.bytes
    }
}

extension AttributeWriter {
    fileprivate mutating func put(_ filter: MarkFilter?) {
        guard let filter else { return }
        put(CTA_MARK.rawValue, network32: filter.value)
        put(CTA_MARK_MASK.rawValue, network32: filter.mask)
    }
}
