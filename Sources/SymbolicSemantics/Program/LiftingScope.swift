// SPDX-License-Identifier: Apache-2.0
// What is known about the packets that a chain is lifted for.
public import DecisionDiagrams
import NetworkTypes

/// A device that packets pass, as far as it is known.
public enum ScopeDevice: Hashable, Sendable {
    /// The packets of this one device are looked at.
    case known(String)
    /// It may be any; conditions on it are variables.
    case any
    /// There is none: the kernel's name is empty.
    case none
}

/// Where packets are looked at.
public struct LiftingScope: Hashable, Sendable {
    /// The IP version and its variables.
    public var space: PacketSpace
    /// Where they arrived.
    public var input: ScopeDevice
    /// Where they leave.
    public var output: ScopeDevice
    /// Which of them: all others are looked at elsewhere.
    public var condition: Diagram
    /// Whether later fragments may be among them.
    var mayBeLaterFragments = true
    /// IPv4 header lengths in words that may be among them.
    var headerWords: [Int] = Array(5...15)

    /// Makes a scope of all packets of a version.
    public init(_ space: PacketSpace, input: ScopeDevice, output: ScopeDevice) {
        self.space = space
        self.input = input
        self.output = output
        condition = .yes
    }
}

extension Semantics {
    /// The scope with fewer packets, and what that tells about fragments and headers.
    mutating func narrowed(_ scope: LiftingScope, to condition: Diagram) -> LiftingScope {
        var result = scope
        result.condition = store.and(scope.condition, condition)
        result.mayBeLaterFragments = store.and(result.condition, isLaterFragment(scope.space)) != .no
        if scope.space.version == .inet {
            result.headerWords = scope.headerWords.filter {
                store.and(result.condition, store.isEqual(scope.space.bits(.headerWords), UInt128($0))) != .no
            }
        }
        return result
    }

    /// Where the offset is not zero (IPv6: in the fragment header, which must be there).
    mutating func isLaterFragment(_ space: PacketSpace) -> Diagram {
        let word = space.bits(.fragmentWord)
        if space.version == .inet {
            let isZero = store.isEqual(word, 0, mask: 0x1fff)
            return store.not(isZero)
        }
        let isZero = store.isEqual(word, 0, mask: 0xfff8)
        let hasHeader = store.variable(space.variable(.extensionHeader(44)))
        let isLater = store.not(isZero)
        return store.and(hasHeader, isLater)
    }

    /// Where a property holds.
    mutating func holds(_ property: SpaceProperty, _ space: PacketSpace) -> Diagram {
        store.variable(space.variable(property))
    }
}
