// SPDX-License-Identifier: Apache-2.0
// Later IPv4 fragments: filters read the same offset of their payload (DESIGN §3.9), which the kernel does only where the
// octets lie in the buffer's linear part (kernel facts T1).
import NetworkTypes
import NftablesIR
import PolicyModel

/// What is done so that one body serves later fragments as well.
///
/// The kernel's short way of loading one, two or four aligned octets behind the network header does not look at
/// fragments, and reads the linear part of the buffer alone (nft_payload.c, `nft_payload_fast_eval`). Writing an octet
/// makes all octets up to it linear (`skb_ensure_writable`). So an octet is written as it is, the last one that
/// conditions read or the last there is; then every load succeeds that has its octets.
struct LaterFragmentPull {
    /// The last octet behind the network header that a condition reads: TCP flags.
    private static let last: UInt32 = 13

    /// Whether all that a body reads behind the network header is read the short way.
    static func serves(_ body: FilterBody) -> Bool {
        body.version == .inet
            && body.steps.allSatisfy { step in
                step.match.clauses.joined().allSatisfy { condition in
                    guard case .field(let field, _, _) = condition, field.isTransport else {
                        return !MatchExpression([[condition]]).readsTransport
                    }
                    return isShort(field)
                }
            }
    }

    private static func isShort(_ field: PacketField) -> Bool {
        [.sourcePort, .destinationPort, .icmpType, .icmpCode, .tcpFlags, .espSPI, .ahSPI].contains(field)
    }

    /// The rule at the beginning of a body.
    static func rule(_ builder: inout ProgramBuilder) -> Rule {
        var elements: Set<SetElement> = []
        for words in UInt32(5)...15 {
            let chain = builder.chain("fragments", pull(behind: 4 * words))
            elements.insert(SetElement(.single([UInt8(words)]), .verdict(.goto(chain))))
        }
        let byLength = builder.constantSet(.integer(1), data: .verdict, isInterval: false, elements)
        // A header shorter than five words never reaches the hook, so the look-up always finds its chain.
        let dispatch = builder.chain(
            "fragments",
            [
                Rule(
                    [
                        .payloadLoad(.network, offset: 0, length: 1, into: .one),
                        .bitwise(.one, into: .one, mask: RegisterValue([0x0f]), xor: RegisterValue([0])),
                        .verdictMap(set: byLength, key: .one),
                    ],
                    comment: "later fragments: make the payload linear, by header length"
                ),
                Rule([.verdict(.drop)]),
            ]
        )
        return Rule(
            [
                .payloadLoad(.network, offset: 6, length: 2, into: .one),
                .bitwise(.one, into: .one, mask: RegisterValue([0x1f, 0xff]), xor: RegisterValue([0, 0])),
                .compare(.notEqual, .one, RegisterValue([0, 0])),
                .verdict(.jump(dispatch)),
            ],
            comment: "later fragments: payload at the same offset"
        )
    }

    /// Writes the last octet there is, as it is; an octet that can be read and not written (no memory) ends the packet.
    private static func pull(behind header: UInt32) -> [Rule] {
        (0...last).reversed().flatMap { octet in
            let load = Expression.payloadLoad(.network, offset: header + octet, length: 1, into: .one)
            let store = Expression.payloadStore(
                .network,
                offset: header + octet,
                length: 1,
                from: .one,
                checksumType: 0,
                checksumOffset: 0,
                checksumFlags: 0
            )
            return [Rule([load, store, .verdict(.return)]), Rule([load, .verdict(.drop)])]
        }
    }
}
