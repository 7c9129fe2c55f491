// SPDX-License-Identifier: Apache-2.0
// IPv4 options by type: the header's words one after another through an automaton, whose state stands in the mark.
import NftablesIR
import PolicyModel

extension ConditionCompiler {
    /// Goes on only for packets whose header has so many words and whose options (do not) hold one of the types.
    ///
    /// The kernel's own `ip option` knows four types and refuses whole headers for one malformed option (kernel facts
    /// §11). The walk here reads each byte once; a map gives the next state for a state and four bytes, so that one rule
    /// without branches steps over options of any length. Between two look-ups the state is put into the mark and taken
    /// out again, since nft 1.0.6 cannot list a look-up of what a look-up gave; the mark is restored before anything can
    /// end the rule, and no look-up can miss. A header of fifteen words costs 78 expressions of the 128 that a rule may
    /// have (kernel facts §7); only packets with options of just that length come further than the first two.
    func optionWalk(
        headerWords words: Int,
        _ types: IntervalSet,
        isPresent: Bool,
        _ builder: inout ProgramBuilder
    ) -> [Expression]? {
        let wanted = types.clamped(to: 0...255)
        if wanted.isEmpty, isPresent { return nil }
        let saved = Register(slot: 8)
        let steps = optionSteps(wanted, &builder)
        var expressions: [Expression] = [
            .payloadLoad(.network, offset: 0, length: 1, into: .one),
            .compare(.equal, .one, RegisterValue([0x40 | UInt8(words)])),
            .metaLoad(.mark, into: saved),
            .immediate(.one, RegisterValue(host: OptionAutomaton.start)),
            .metaStore(.mark, from: .one),
        ]
        for word in 5..<UInt32(words) {
            expressions.append(.metaLoad(.mark, into: .one))
            for byte in UInt32(0)..<4 {
                let register = Register(slot: UInt8(1 + byte))
                expressions.append(.payloadLoad(.network, offset: 4 * word + byte, length: 1, into: register))
            }
            expressions.append(.lookup(set: steps, key: .one, into: .one, inverted: false))
            expressions.append(.metaStore(.mark, from: .one))
        }
        expressions += [
            .metaLoad(.mark, into: .one),
            .metaStore(.mark, from: saved),
            .compare(isPresent ? .equal : .notEqual, .one, RegisterValue(host: OptionAutomaton.found)),
        ]
        return expressions
    }

    /// The map that gives the next state for a state and four bytes.
    private func optionSteps(_ wanted: IntervalSet, _ builder: inout ProgramBuilder) -> String {
        if let known = builder.optionSteps[wanted] { return known }
        // nft's number of a concatenation is that of its fields, six bits each: a mark and four of `inet_proto`, since it
        // cannot list concatenations of plain integers.
        let type = (0..<4).reduce(UInt32(19)) { number, _ in number << 6 | 12 }
        let name = builder.constantSet(
            SetKeyType(typeNumber: type, length: 20, fieldLengths: [4, 1, 1, 1, 1]),
            data: .value(length: 4, typeNumber: 19),
            isInterval: true,
            OptionAutomaton(wanted).steps()
        )
        builder.optionSteps[wanted] = name
        return name
    }
}

/// Reads options byte by byte.
private struct OptionAutomaton {
    /// The next byte is an option's type.
    static let start: UInt32 = 0
    /// The next byte is an option's length.
    static let length: UInt32 = 1
    /// Behind one of the types that were asked for.
    static let found: UInt32 = 254
    /// Behind the end of the list, or behind an option that cannot be read.
    static let end: UInt32 = 255
    /// The bytes of options in the longest header.
    private static let room: UInt8 = 40

    /// So many bytes are to be stepped over, 1 to 38.
    private static func skip(_ count: UInt32) -> UInt32 { count == 0 ? start : length + count }

    /// The types that were asked for, and all others but end of list and no operation.
    private let wanted: [ClosedRange<UInt8>]
    private let others: [ClosedRange<UInt8>]
    private let wantsEnd: Bool
    private let wantsPadding: Bool

    init(_ types: IntervalSet) {
        func bytes(_ set: IntervalSet) -> [ClosedRange<UInt8>] {
            set.intervals.map { UInt8($0.lowerBound)...UInt8($0.upperBound) }
        }
        wanted = bytes(types)
        others = bytes(types.complement(upTo: 255).clamped(to: 2...255))
        wantsEnd = wanted.contains { $0.contains(0) }
        wantsPadding = wanted.contains { $0.contains(1) }
    }

    /// What one byte leads to.
    private func next(_ state: UInt32) -> [(bytes: ClosedRange<UInt8>, state: UInt32)] {
        switch state {
        case Self.start:
            // End of list and no operation are one byte long (RFC 791); all others say how long they are.
            return wanted.map { ($0, Self.found) } + (wantsEnd ? [] : [(0...0, Self.end)])
                + (wantsPadding ? [] : [(1...1, Self.start)]) + others.map { ($0, Self.length) }
        case Self.length:
            // Type and length are part of the length.
            return [(0...1, Self.end), (Self.room + 1...255, Self.end)]
                + (2...Self.room).map { ($0...$0, Self.skip(UInt32($0) - 2)) }
        case Self.found, Self.end: return [(0...255, state)]
        default: return [(0...255, Self.skip(state - Self.length - 1))]
        }
    }

    /// The next state for every state that a word can begin with and every four bytes.
    func steps() -> Set<SetElement> {
        var elements: Set<SetElement> = []
        func add(_ begin: UInt32, _ state: UInt32, _ word: [ClosedRange<UInt8>]) {
            guard word.count == 4 else {
                for step in next(state) { add(begin, step.state, word + [step.bytes]) }
                return
            }
            let mark = RegisterValue(host: begin).bytes
            let low = mark + word.flatMap { [$0.lowerBound, 0, 0, 0] }
            let high = mark + word.flatMap { [$0.upperBound, 0, 0, 0] }
            let value = SetElement.Value.value(RegisterValue(host: state).bytes)
            elements.insert(SetElement(low == high ? .single(low) : .range(low, high), value))
        }
        let skips = (1...UInt32(Self.room) - 2).map(Self.skip)
        for state in [Self.start, Self.length, Self.found, Self.end] + skips { add(state, state, []) }
        return elements
    }
}
