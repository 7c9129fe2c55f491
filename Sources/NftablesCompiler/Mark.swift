// SPDX-License-Identifier: Apache-2.0
// The bits of `meta mark` and `ct mark` that are ours, and the expressions that read and write them (DESIGN §4).
import NftablesIR

/// Bits of `meta mark`.
enum Mark {
    /// The packet skips flow processing.
    static let packetMode: UInt32 = 0x8000_0000
    /// The packet, or the one it answers, was refused by us.
    static let reject: UInt32 = 0x4000_0000
    /// Loss priority.
    static let lossPriority: UInt32 = 0x3000_0000
    /// Forwarding class.
    static let forwardingClass: UInt32 = 0x0f00_0000
    /// The number of the routing table; 0 is the router's own.
    static let routingTable: UInt32 = 0x00ff_0000
    /// What is not ours and stays as it is.
    static let foreign: UInt32 = 0x0000_ffff
    /// The owner of a session, in `ct mark`.
    static let owner: UInt32 = 0x0000_ffff

    /// Replaces the bits of a mask in `meta mark`.
    static func set(_ mask: UInt32, to value: UInt32) -> [Expression] {
        [
            .metaLoad(.mark, into: .one),
            .bitwise(.one, into: .one, mask: RegisterValue(host: ~mask), xor: RegisterValue(host: value)),
            .metaStore(.mark, from: .one),
        ]
    }

    /// Goes on only if a bit of `meta mark` is set.
    static func isSet(_ bit: UInt32) -> [Expression] {
        [
            .metaLoad(.mark, into: .one),
            .bitwise(.one, into: .one, mask: RegisterValue(host: bit), xor: RegisterValue(host: 0)),
            .compare(.notEqual, .one, RegisterValue(host: 0)),
        ]
    }
}

/// Bits of `ct state`.
enum ConntrackState {
    static let invalid: UInt32 = 1
    static let established: UInt32 = 2
    static let related: UInt32 = 4
    static let new: UInt32 = 8
    static let untracked: UInt32 = 64

    /// Goes on only if the state is (not) among the given ones.
    static func isAmong(_ states: UInt32, _ isAmong: Bool = true) -> [Expression] {
        [
            .conntrackLoad(.state, direction: nil, into: .one),
            .bitwise(.one, into: .one, mask: RegisterValue(host: states), xor: RegisterValue(host: 0)),
            .compare(isAmong ? .notEqual : .equal, .one, RegisterValue(host: 0)),
        ]
    }

    /// Goes on only if the session has an owner.
    static let isOwned: [Expression] = [
        .conntrackLoad(.mark, direction: nil, into: .one),
        .bitwise(.one, into: .one, mask: RegisterValue(host: Mark.owner), xor: RegisterValue(host: 0)),
        .compare(.notEqual, .one, RegisterValue(host: 0)),
    ]

    /// Goes on only in one direction of the session: 0 that of its first packet, 1 the other.
    static func goes(_ direction: UInt8) -> [Expression] {
        [.conntrackLoad(.direction, direction: nil, into: .one), .compare(.equal, .one, RegisterValue([direction]))]
    }

    /// Makes a session rule the owner of the packet's session.
    static func own(_ index: UInt16) -> [Expression] {
        [
            .immediate(.one, RegisterValue(host: UInt32(index))),
            .conntrackStore(.mark, from: .one),
        ]
    }
}

/// Bits of `ct status` (`IPS_*`).
enum ConntrackStatus {
    /// TCP's handshake is complete.
    static let assured: UInt32 = 4
    /// An earlier packet made the session.
    static let confirmed: UInt32 = 8

    /// Goes on only if a bit is (not) set.
    static func isAmong(_ bits: UInt32, _ isAmong: Bool = true) -> [Expression] {
        [
            .conntrackLoad(.status, direction: nil, into: .one),
            .bitwise(.one, into: .one, mask: RegisterValue(host: bits), xor: RegisterValue(host: 0)),
            .compare(isAmong ? .notEqual : .equal, .one, RegisterValue(host: 0)),
        ]
    }
}
