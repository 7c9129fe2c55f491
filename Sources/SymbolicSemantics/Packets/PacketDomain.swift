// SPDX-License-Identifier: Apache-2.0
// Which assignments are packets: fields and properties that belong together (kernel facts §1).
public import DecisionDiagrams
import NetworkTypes

/// Which packets can come to a place.
public struct PacketDomain: Sendable {
    /// The packets' variables.
    public var space: PacketSpace
    /// Whether reassembly stands in front (DESIGN §3.11).
    public var holdsWholeDatagrams: Bool

    /// Headers of IPv6 that the walk steps over.
    static let steppedOver: [UInt8] = [0, 43, 44, 60]

    /// Makes a domain.
    public init(_ space: PacketSpace, wholeDatagrams: Bool = false) {
        self.space = space
        holdsWholeDatagrams = wholeDatagrams
    }

    /// Where an assignment is a packet, as far as some variables tell; the others are free.
    ///
    /// Small because it constrains nothing but those. What it leaves out, so that it holds too much and never too
    /// little: sizes of IPv6 extension headers, and options that do not fit beside each other.
    ///
    /// - Parameter variables: those of the functions that are compared.
    public func region(_ variables: some Sequence<UInt32>, _ semantics: inout Semantics) -> Diagram {
        let touched = Set(variables)
        var result = deviceRegion(touched, &semantics)
        func require(_ condition: Diagram) { result = semantics.store.and(result, condition) }
        switch space.version {
        case .inet:
            require(ipv4Lengths(touched, &semantics.store))
            require(ipv4Options(touched, &semantics.store))
            if holdsWholeDatagrams {
                // MF and the offset; DF and the reserved bit stay free.
                require(semantics.store.isEqual(space.bits(.fragmentWord), 0, mask: 0x3fff))
            }
        case .inet6:
            require(ipv6Reaches(touched, &semantics.store))
            require(ipv6Chain(touched, &semantics.store))
            if holdsWholeDatagrams { require(semantics.store.not(fragment(0xfff9, &semantics.store))) }
        }
        return result
    }

    /// Not two of the devices that are named at once; none is what the router sends, or a device that nobody names.
    private func deviceRegion(_ touched: Set<UInt32>, _ semantics: inout Semantics) -> Diagram {
        let devices = touched.filter { semantics.name(of: $0)?.hasPrefix(inputName("")) ?? false }.sorted(by: >)
        var (none, atMostOne) = (Diagram.yes, Diagram.yes)
        for device in devices {
            let isHere = semantics.store.variable(device)
            atMostOne = semantics.store.choose(isHere, then: none, otherwise: atMostOne)
            none = semantics.store.choose(isHere, then: .no, otherwise: none)
        }
        return atMostOne
    }

    /// The counts of octets behind the network header that matter, ascending.
    private func reaches(_ touched: Set<UInt32>) -> [Int] {
        (1...64).filter { touched.contains(space.variable(.transportReaches($0))) }
    }

    private func touches(_ field: SpaceField, _ touched: Set<UInt32>) -> Bool {
        space.variables(field).contains(where: touched.contains)
    }

    /// Who has more octets has fewer, too.
    private func monotone(_ counts: [Int], _ store: inout DiagramStore) -> Diagram {
        var result = Diagram.yes
        for (shorter, longer) in zip(counts, counts.dropFirst()) {
            let isLong = store.variable(space.variable(.transportReaches(longer)))
            let isShort = store.variable(space.variable(.transportReaches(shorter)))
            result = store.and(result, store.choose(isLong, then: isShort, otherwise: .yes))
        }
        return result
    }

    // MARK: IPv4

    /// The header has 5 to 15 words and lies inside the packet; what is behind it is the rest of the length.
    private func ipv4Lengths(_ touched: Set<UInt32>, _ store: inout DiagramStore) -> Diagram {
        let counts = reaches(touched)
        let words = space.bits(.headerWords)
        guard touches(.lengthField, touched) else {
            return store.and(store.isInside(words, [5...15]), monotone(counts, &store))
        }
        var result = Diagram.no
        for number in 5...15 {
            var fits = atLeast(4 * number, &store)
            for count in counts.reversed() {
                let isThere = store.variable(space.variable(.transportReaches(count)))
                let isLong = atLeast(4 * number + count, &store)
                fits = store.and(fits, store.choose(isThere, then: isLong, otherwise: store.not(isLong)))
            }
            result = store.choose(store.isEqual(words, UInt128(number)), then: fits, otherwise: result)
        }
        return result
    }

    private func atLeast(_ length: Int, _ store: inout DiagramStore) -> Diagram {
        length <= 0 ? .yes : store.isInside(space.bits(.lengthField), [UInt128(length)...65535])
    }

    /// Options need room, and the two source routes exclude each other.
    private func ipv4Options(_ touched: Set<UInt32>, _ store: inout DiagramStore) -> Diagram {
        let numbers = (0...UInt8.max).filter { touched.contains(space.variable(.ipv4Option($0))) }
        guard !numbers.isEmpty else { return .yes }
        var some = Diagram.no
        for number in numbers { some = store.or(some, store.variable(space.variable(.ipv4Option(number)))) }
        let isLong = store.isInside(space.bits(.headerWords), [6...15])
        var result = store.choose(some, then: isLong, otherwise: .yes)
        if numbers.contains(131), numbers.contains(137) {
            let loose = store.variable(space.variable(.ipv4Option(131)))
            let strict = store.variable(space.variable(.ipv4Option(137)))
            result = store.and(result, store.not(store.and(loose, strict)))
        }
        return result
    }

    // MARK: IPv6

    private func has(_ number: UInt8, _ store: inout DiagramStore) -> Diagram {
        store.variable(space.variable(.extensionHeader(number)))
    }

    /// There is a fragment header with one of some bits set.
    private func fragment(_ mask: UInt128, _ store: inout DiagramStore) -> Diagram {
        let none = store.isEqual(space.bits(.fragmentWord), 0, mask: mask)
        return store.and(has(44, &store), store.not(none))
    }

    /// A number that the walk steps over.
    private func isSteppedOver(_ field: SpaceField, _ store: inout DiagramStore) -> Diagram {
        store.isInside(space.bits(field), [0...0, 43...44, 60...60])
    }

    /// Octets behind the header chain are octets of the payload; later fragments, and chains without an end, have
    /// none.
    private func ipv6Reaches(_ touched: Set<UInt32>, _ store: inout DiagramStore) -> Diagram {
        let counts = reaches(touched)
        guard let first = counts.first else { return .yes }
        let later = fragment(0xfff8, &store)
        let upper = store.variable(space.variable(.hasUpperProtocol))
        let isThere = store.variable(space.variable(.transportReaches(first)))
        let canBe = store.and(upper, store.not(later))
        var result = store.choose(isThere, then: canBe, otherwise: .yes)
        result = store.and(result, monotone(counts, &store))
        guard touches(.lengthField, touched) else { return result }
        let chained = hasHeaders(touched, &store)
        for count in counts {
            let isThere = store.variable(space.variable(.transportReaches(count)))
            let isLong = atLeast(count, &store)
            let exact = store.choose(isThere, then: isLong, otherwise: store.not(isLong))
            let isBehindHeader = store.choose(isThere, then: atLeast(count + 8, &store), otherwise: .yes)
            result = store.and(result, store.choose(chained, then: isBehindHeader, otherwise: exact))
        }
        return result
    }

    /// Where there can be headers between the fixed one and the upper-layer protocol.
    private func hasHeaders(_ touched: Set<UInt32>, _ store: inout DiagramStore) -> Diagram {
        if touches(.nextHeader, touched) { return isSteppedOver(.nextHeader, &store) }
        // One that nobody asks for can always be there, and a chain that breaks off.
        guard Self.steppedOver.allSatisfy({ touched.contains(space.variable(.extensionHeader($0))) }) else {
            return .yes
        }
        var result = store.not(store.variable(space.variable(.hasUpperProtocol)))
        for number in Self.steppedOver { result = store.or(result, has(number, &store)) }
        return result
    }

    /// The chain begins with the fixed header's number and ends with the upper-layer protocol.
    private func ipv6Chain(_ touched: Set<UInt32>, _ store: inout DiagramStore) -> Diagram {
        let headers = Self.steppedOver.filter { touched.contains(space.variable(.extensionHeader($0))) }
        let touchesUpper = touches(.upperProtocol, touched) || touched.contains(space.variable(.hasUpperProtocol))
        let isTold = store.variable(space.variable(.hasUpperProtocol))
        var result = Diagram.yes
        if touches(.upperProtocol, touched) {
            // A chain that ends in a header ends in a later fragment, or is cut off.
            let later = fragment(0xfff8, &store)
            let isHeader = isSteppedOver(.upperProtocol, &store)
            let untold = store.choose(later, then: isHeader, otherwise: .yes)
            result = store.choose(isTold, then: store.not(isHeader), otherwise: untold)
        }
        if touched.contains(space.variable(.extensionHeader(135))) {
            let isMobility = store.isEqual(space.bits(.upperProtocol), 135)
            let later = fragment(0xfff8, &store)
            let ends = store.and(store.and(isTold, isMobility), store.not(later))
            let mobility = has(135, &store)
            result = store.and(result, store.choose(mobility, then: ends, otherwise: store.not(ends)))
        }
        // Where nobody asks for the first number, there is one for every chain.
        guard touches(.nextHeader, touched) else { return result }
        let chained = isSteppedOver(.nextHeader, &store)
        var plain = Diagram.yes
        for number in headers { plain = store.and(plain, store.not(has(number, &store))) }
        if touchesUpper { plain = store.and(plain, isTold) }
        if touches(.upperProtocol, touched) {
            plain = store.and(plain, isSame(.nextHeader, .upperProtocol, &store))
        }
        var begun = Diagram.yes
        for number in headers {
            // The first header is there, unless the packet ends before it.
            let isFirst = store.isEqual(space.bits(.nextHeader), UInt128(number))
            let isThere = store.or(has(number, &store), store.not(isTold))
            begun = store.and(begun, store.choose(isFirst, then: isThere, otherwise: .yes))
        }
        return store.and(result, store.choose(chained, then: begun, otherwise: plain))
    }

    private func isSame(_ one: SpaceField, _ other: SpaceField, _ store: inout DiagramStore) -> Diagram {
        var result = Diagram.yes
        for (left, right) in zip(space.bits(one), space.bits(other)).reversed() {
            let isRight = store.isSet(right)
            let isSame = store.choose(store.isSet(left), then: isRight, otherwise: store.not(isRight))
            result = store.and(result, isSame)
        }
        return result
    }
}
