// SPDX-License-Identifier: Apache-2.0
// Look-ups in sets and maps: for which packets the key is which element.
import DecisionDiagrams
import NftablesIR

extension Semantics {
    /// Where a key is among elements of a set.
    ///
    /// - Returns: nil for a set whose keys the lifter does not understand.
    mutating func isMember(
        _ key: Register,
        _ contents: RegisterContents,
        of set: NamedSet,
        _ elements: [SetElement]
    ) -> Diagram? {
        guard set.otherFlags == 0 else { return nil }
        if let device = contents.device(key) { return isDevice(device, elements) }
        guard let bits = contents.bits(key, Int(set.key.length)) else { return nil }
        if set.key.fieldLengths.isEmpty {
            guard set.key.length <= 16 else { return nil }
            var ranges: [ClosedRange<UInt128>] = []
            for element in elements {
                switch element.key {
                case .single(let bytes): ranges.append(number(bytes)...number(bytes))
                case .range(let first, let last):
                    guard number(first) <= number(last) else { return nil }
                    ranges.append(number(first)...number(last))
                case .catchAll: return nil
                }
            }
            return store.isInside(bits, disjoint(ranges))
        }
        var result = Diagram.no
        for element in elements {
            guard let match = concatenation(element, bits, set.key.fieldLengths) else { return nil }
            result = store.or(result, match)
        }
        return result
    }

    private mutating func concatenation(_ element: SetElement, _ bits: [Bit], _ lengths: [UInt32]) -> Diagram? {
        let (first, last): ([UInt8], [UInt8])
        switch element.key {
        case .single(let bytes): (first, last) = (bytes, bytes)
        case .range(let low, let high): (first, last) = (low, high)
        case .catchAll: return nil
        }
        var result = Diagram.yes
        var start = 0
        for length in lengths.map(Int.init) {
            guard length <= 16, start + length <= first.count, start + length <= last.count,
                (start + length) * 8 <= bits.count
            else { return nil }
            let low = number(Array(first[start..<start + length]))
            let high = number(Array(last[start..<start + length]))
            guard low <= high else { return nil }
            let field = store.isInside(Array(bits[start * 8..<(start + length) * 8]), [low...high])
            result = store.and(result, field)
            // Each field fills whole slots.
            start += (length + 3) & ~3
        }
        return result
    }

    /// Where a device that is not known is one of those named.
    mutating func isDevice(_ device: RegisterContent.Device, _ elements: [SetElement]) -> Diagram? {
        var result = Diagram.no
        for element in elements {
            guard case .single(let bytes) = element.key, let name = deviceName(bytes) else { return nil }
            let isThis = store.variable(variable(named: "\(device.rawValue) \(name)"))
            result = store.or(result, isThis)
        }
        return result
    }
}

/// Bytes in memory order as a number.
func number(_ bytes: some Sequence<UInt8>) -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }

/// The device that a whole name in a register or set means; nil for what is no whole name.
func deviceName(_ bytes: [UInt8]) -> String? {
    guard bytes.count == 16, let end = bytes.firstIndex(of: 0), bytes[end...].allSatisfy({ $0 == 0 }) else {
        return nil
    }
    return String(validating: bytes[..<end], as: UTF8.self)
}

/// Ranges in order, those that touch or overlap made one.
func disjoint(_ ranges: [ClosedRange<UInt128>]) -> [ClosedRange<UInt128>] {
    var result: [ClosedRange<UInt128>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        if let last = result.last, range.lowerBound == 0 || range.lowerBound - 1 <= last.upperBound {
            result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
        } else {
            result.append(range)
        }
    }
    return result
}
