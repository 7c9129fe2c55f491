// SPDX-License-Identifier: Apache-2.0
// IPv4 options by type: the header's bytes one after another through an automaton, whose state stands in a register.
import NftablesIR
import PolicyModel

extension ConditionCompiler {
    /// Goes on only for packets whose header has so many words and whose options (do not) hold one of the types.
    ///
    /// The kernel's own `ip option` knows four types and refuses whole headers for one malformed option (kernel facts
    /// §11). The walk here reads each byte once; a map gives the next state for a state and a byte, so that one rule
    /// without branches steps over options of any length. A header of fifteen words costs 81 expressions of the 128 that a
    /// rule may have (kernel facts §7); only packets with options of just that length come further than the first two.
    func optionWalk(
        headerWords words: Int,
        _ types: IntervalSet,
        isPresent: Bool,
        _ builder: inout ProgramBuilder
    ) -> [Expression]? {
        let wanted = types.clamped(to: 0...255)
        if wanted.isEmpty, isPresent { return nil }
        let byte = Register(slot: 1)
        let steps = builder.constantSet(
            // nft's number of a concatenation is that of its fields, six bits each (integer 4).
            SetKeyType(typeNumber: 4 << 6 | 4, length: 8, fieldLengths: [1, 1]),
            data: .value(length: 1, typeNumber: 4),
            isInterval: true,
            OptionState.steps(wanted)
        )
        var expressions: [Expression] = [
            .payloadLoad(.network, offset: 0, length: 1, into: .one),
            .compare(.equal, .one, RegisterValue([0x40 | UInt8(words)])),
            .immediate(.one, RegisterValue([OptionState.start])),
        ]
        for offset in 20..<UInt32(4 * words) {
            expressions.append(.payloadLoad(.network, offset: offset, length: 1, into: byte))
            expressions.append(.lookup(set: steps, key: .one, into: .one, inverted: false))
        }
        return expressions + [.compare(isPresent ? .equal : .notEqual, .one, RegisterValue([OptionState.found]))]
    }
}

/// The states of the walk.
private enum OptionState {
    /// The next byte is an option's type.
    static let start: UInt8 = 0
    /// The next byte is an option's length.
    static let length: UInt8 = 1
    /// Behind one of the types that were asked for.
    static let found: UInt8 = 254
    /// Behind the end of the list, or behind an option that cannot be read.
    static let end: UInt8 = 255
    /// The bytes of options in the longest header.
    private static let room: UInt8 = 40

    /// So many bytes are to be stepped over, 1 to 38.
    private static func skip(_ count: UInt8) -> UInt8 { count == 0 ? start : length + count }

    /// The next state for every state that can be met and every byte.
    static func steps(_ wanted: IntervalSet) -> Set<SetElement> {
        var elements: Set<SetElement> = []
        func add(_ state: UInt8, _ bytes: ClosedRange<UInt8>, _ next: UInt8) {
            let low: [UInt8] = [state, 0, 0, 0, bytes.lowerBound, 0, 0, 0]
            let high: [UInt8] = [state, 0, 0, 0, bytes.upperBound, 0, 0, 0]
            elements.insert(SetElement(low == high ? .single(low) : .range(low, high), .value([next])))
        }
        func bytes(_ range: ClosedRange<UInt128>) -> ClosedRange<UInt8> {
            UInt8(range.lowerBound)...UInt8(range.upperBound)
        }
        for range in wanted.intervals { add(start, bytes(range), found) }
        for range in wanted.complement(upTo: 255).intervals {
            // End of list and no operation are one byte long (RFC 791); all others say how long they are.
            if range.contains(0) { add(start, 0...0, end) }
            if range.contains(1) { add(start, 1...1, start) }
            if range.upperBound >= 2 { add(start, bytes(max(range.lowerBound, 2)...range.upperBound), length) }
        }
        add(length, 0...1, end)
        for count in 2...room { add(length, count...count, skip(count - 2)) }
        add(length, (room + 1)...255, end)
        for count in 1...(room - 2) { add(skip(count), 0...255, skip(count - 1)) }
        add(found, 0...255, found)
        add(end, 0...255, end)
        return elements
    }
}
