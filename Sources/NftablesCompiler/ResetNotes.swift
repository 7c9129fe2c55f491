// SPDX-License-Identifier: Apache-2.0
// Which end reset a connection: conntrack keeps the state and not the sender, so the session's mark does (flow reference
// §10.4).
import NftablesIR

/// Notes resets in `ct mark`.
enum ResetNotes {
    /// The initiator sent a reset.
    static let client: UInt32 = 0x0001_0000
    /// The responder sent a reset.
    static let server: UInt32 = 0x0002_0000

    /// Goes by all packets but the first reset of a session that has an owner.
    static func rules(_ builder: inout ProgramBuilder) -> [Rule] {
        let chain = builder.chain(
            "reset",
            [(UInt8(0), client), (1, server)].map { direction, bit in
                Rule(
                    ConntrackState.goes(direction) + [
                        .conntrackLoad(.mark, direction: nil, into: .one),
                        .bitwise(.one, into: .one, mask: RegisterValue(host: ~bit), xor: RegisterValue(host: bit)),
                        .conntrackStore(.mark, from: .one),
                        .verdict(.return),
                    ],
                    comment: direction == 0 ? "reset by the client" : "reset by the server"
                )
            }
        )
        return [
            Rule(
                isProtocol(6) + tcpFlags(0x04, are: 0x04) + ConntrackState.isOwned + [
                    .conntrackLoad(.mark, direction: nil, into: .one),
                    .bitwise(
                        .one,
                        into: .one,
                        mask: RegisterValue(host: client | server),
                        xor: RegisterValue(host: 0)
                    ),
                    .compare(.equal, .one, RegisterValue(host: 0)),
                    .verdict(.jump(chain)),
                ],
                comment: "who resets"
            )
        ]
    }
}
