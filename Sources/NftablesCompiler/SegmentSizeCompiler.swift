// SPDX-License-Identifier: Apache-2.0
// The segment sizes that both ends of a TCP connection announce, lowered (flow reference §2.6).
import NftablesIR
import PolicyModel

/// Compiles segment sizes.
struct SegmentSizeCompiler {
    /// Rules that lower what a SYN or SYN-ACK announces, by the direction in which it goes.
    func rules(_ sizes: SegmentSizes, _ origin: String?) -> [Rule] {
        if sizes.initial == sizes.reverse {
            return sizes.initial.map { [Rule(isOpening + lower(to: $0), comment: origin)] } ?? []
        }
        let directions: [(UInt8, UInt16?)] = [(0, sizes.initial), (1, sizes.reverse)]
        return directions.compactMap { direction, size in
            size.map { Rule(isOpening + ConntrackState.goes(direction) + lower(to: $0), comment: origin) }
        }
    }

    /// The rule for packets of sessions that have an owner: what the owner says, else what holds for all; none where
    /// nobody says anything.
    ///
    /// First packets meet the same rules behind the policy that permits them.
    func sessionRules(_ flow: FlowPolicy, _ builder: inout ProgramBuilder) -> [Rule] {
        let common = SegmentSizes(initial: flow.checks.segmentSize, reverse: flow.checks.segmentSize)
        var elements: Set<SetElement> = []
        for rule in flow.contexts.values.joined() where rule.segmentSizes != common && rule.action == .permit {
            let chain = builder.chain("segment-size", rules(rule.segmentSizes, rule.origin))
            let owner = RegisterValue(host: UInt32(rule.index)).bytes
            elements.insert(SetElement(.single(owner), .verdict(.goto(chain))))
        }
        var chain: [Rule] = []
        if !elements.isEmpty {
            let map = builder.constantSet(.mark, data: .verdict, isInterval: false, elements)
            let owner: [Expression] = [
                .conntrackLoad(.mark, direction: nil, into: .one),
                .bitwise(.one, into: .one, mask: RegisterValue(host: Mark.owner), xor: RegisterValue(host: 0)),
            ]
            chain.append(Rule(owner + [.verdictMap(set: map, key: .one)], comment: "segment sizes of policies"))
        }
        chain += rules(common, "security flow tcp-mss all-tcp")
        guard !chain.isEmpty else { return [] }
        let name = builder.chain("segment-sizes", chain)
        return [Rule(isOpening + ConntrackState.isOwned + [.verdict(.jump(name))], comment: "segment sizes")]
    }

    /// Goes on only for SYN and SYN-ACK.
    private var isOpening: [Expression] { isProtocol(6) + tcpFlags(0x02, are: 0x02) }

    /// The kernel never raises it (kernel: nft_exthdr_tcp_set_eval).
    private func lower(to size: UInt16) -> [Expression] {
        [
            .immediate(.one, RegisterValue(network: UInt128(size), count: 2)),
            .extensionHeaderStore(.tcpOption, type: 2, offset: 2, length: 2, from: .one),
        ]
    }
}

/// Goes on only if the flags of a mask have a value.
func tcpFlags(_ mask: UInt8, are value: UInt8) -> [Expression] {
    [
        .payloadLoad(.transport, offset: 13, length: 1, into: .one),
        .bitwise(.one, into: .one, mask: RegisterValue([mask]), xor: RegisterValue([0])),
        .compare(.equal, .one, RegisterValue([value])),
    ]
}
