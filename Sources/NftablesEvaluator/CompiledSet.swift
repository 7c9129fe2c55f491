// SPDX-License-Identifier: Apache-2.0
// A set as the machine looks things up in it.
import NftablesIR

/// What an element gives.
enum CompiledValue: Hashable, Sendable {
    case none
    case verdict(CompiledVerdict)
    case value(RegisterValue)
    /// By index into the machine's objects.
    case object(Int)
    case refuse(Int)
}

/// A set with its elements in the structure that suits its layout.
struct CompiledSet: Sendable {
    private enum Storage: Sendable {
        case narrow([UInt128: Int])
        case wide([WideKey: Int])
        case intervals(IntervalIndex)
        case concatenations(ConcatenationIndex)
        /// No single meaning; the sentence says why.
        case broken(String)
    }

    /// What a look-up comes to.
    enum Answer {
        case found(CompiledValue)
        case absent
        case broken(String)
    }

    let name: String
    let keyLength: Int
    private let storage: Storage
    private let values: [CompiledValue]
    private let catchAll: CompiledValue?

    /// Takes a set in; `compile` turns an element's value into what the machine does with it.
    init(_ set: NamedSet, compile: (SetElement.Value) -> CompiledValue) {
        name = set.name
        keyLength = Int(clamping: set.key.length)
        var values: [CompiledValue] = []
        var catchAll: CompiledValue?
        var keys: [(low: WideKey, high: WideKey, element: Int)] = []
        keys.reserveCapacity(set.elements.count)
        var isBroken = false
        for element in set.elements {
            let value = compile(element.value)
            switch element.key {
            case .catchAll:
                if catchAll != nil { isBroken = true }
                catchAll = value
                continue
            case .single(let bytes):
                isBroken = isBroken || bytes.count > 64
                keys.append((WideKey(bytes), WideKey(bytes), values.count))
            case .range(let low, let high):
                isBroken = isBroken || low.count > 64 || high.count > 64 || !set.isInterval
                keys.append((WideKey(low), WideKey(high), values.count))
            }
            values.append(value)
        }
        self.values = values
        self.catchAll = catchAll
        storage =
            if set.otherFlags != 0 {
                .broken("flags \(set.otherFlags), whose effect on look-ups is not known here")
            } else if isBroken || !(1...64).contains(keyLength) {
                .broken("elements that the kernel would not load")
            } else {
                Self.arrange(set, keys)
            }
    }

    /// Looks a key up; elements before the catch-all.
    func find(_ registers: RegisterFile, _ slot: Int) -> Answer {
        switch storage {
        case .narrow(let elements):
            return answer(elements[registers.load(slot, keyLength)])
        case .wide(let elements):
            return answer(elements[registers.key(slot, keyLength)])
        case .intervals(let index):
            return answer(index.find(registers.load(slot, keyLength)))
        case .concatenations(let index):
            var found: Int?
            var isAmbiguous = false
            index.forEachMatch(registers.key(slot, keyLength)) { element in
                if let first = found, values[first] != values[element] { isAmbiguous = true }
                found = found ?? element
            }
            // The kernel would take the one inserted first (kernel facts §5), and a dump does not say which that was.
            return isAmbiguous ? .broken("overlapping elements give different answers") : answer(found)
        case .broken(let why):
            return .broken(why)
        }
    }

    private func answer(_ element: Int?) -> Answer {
        if let element { return .found(values[element]) }
        if let catchAll { return .found(catchAll) }
        return .absent
    }

    private static func arrange(
        _ set: NamedSet,
        _ keys: [(low: WideKey, high: WideKey, element: Int)]
    ) -> Storage {
        switch set.layout {
        case .exact where set.key.length <= 16:
            let elements = [UInt128: Int](keys.map { ($0.low[0], $0.element) }) { first, _ in first }
            return elements.count == keys.count ? .narrow(elements) : .broken("a key with two answers")
        case .exact:
            let elements = [WideKey: Int](keys.map { ($0.low, $0.element) }) { first, _ in first }
            return elements.count == keys.count ? .wide(elements) : .broken("a key with two answers")
        case .intervals:
            guard set.key.length <= 16 else { return .broken("intervals of more than 16 bytes") }
            return IntervalIndex(keys.map { ($0.low[0], $0.high[0], $0.element) }).map(Storage.intervals)
                ?? .broken("intervals that overlap")
        case .concatenatedIntervals:
            return ConcatenationIndex(fieldLengths: set.key.fieldLengths, keys).map(Storage.concatenations)
                ?? .broken("fields or ranges that the kernel would not load")
        }
    }
}
