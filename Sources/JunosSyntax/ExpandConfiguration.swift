// SPDX-License-Identifier: Apache-2.0
// The passes between the tree as written and the tree as meant, in their fixed order.

/// The configuration as it takes effect: without inactive statements, with groups inherited and apply-paths expanded.
///
/// The order is fixed (filters reference §7.5): prune, inherit, expand. The result holds no `groups`, `apply-groups`,
/// `apply-groups-except` or `apply-path`.
public func expandConfiguration(_ tree: ConfigurationTree) -> ReadResult {
    let inherited = inheritGroups(pruneInactive(tree))
    return ReadResult(tree: expandApplyPath(inherited.tree), diagnostics: inherited.diagnostics)
}
