// SPDX-License-Identifier: Apache-2.0
// A function as a handle: equal handles of one store are equal functions, which is what makes a proof a comparison.

/// A function of variables, kept in a `DiagramStore`; without it the handle means nothing.
///
/// Boolean functions have the terminals `no` and `yes`; others have terminals of the caller's numbering.
public struct Diagram: Hashable, Sendable {
    /// The node's place in its store.
    let node: UInt32

    init(_ node: UInt32) { self.node = node }

    /// False everywhere.
    public static let no = Diagram(0)
    /// True everywhere.
    public static let yes = Diagram(1)
}

/// A function given as a path of decisions: the value of each variable that matters.
public typealias Assignment = [UInt32: Bool]
