// SPDX-License-Identifier: Apache-2.0
// Which counter or bucket a shared rule charges: chosen by the interface, so that one body serves many
// (DESIGN §4, shared, not copied).
import NftablesIR
import PolicyModel

/// The name of a counter that no configuration can give (filters reference §5.5: no name starts with `__`).
public let implicitDiscardName = "__implicit-discard"

/// The names under which a filter body charges its state.
struct ChargeNames: Hashable {
    /// How the instance is chosen.
    enum Selector: Hashable {
        /// By the device that the packet arrives at or leaves through.
        case device(Direction)
        /// The routing engine's own filter has one instance.
        case single(interface: String, filter: String, Direction)
    }

    /// Family and filters that share the body.
    var key: String
    var family: String
    var selector: Selector
    var pass: EvaluationPass

    /// What the implicit discard is charged to.
    static let implicitDiscard = implicitDiscardName

    /// The map that chooses an object by device.
    func mapName(_ kind: String, _ name: String) -> String {
        stateName(["map", kind, key, name, direction.letter] + passSuffix)
    }

    /// The object of one interface.
    func objectName(_ kind: String?, filter: String, _ name: String, interface: String) -> String {
        stateName((kind.map { [$0] } ?? []) + [family, filter, name, interface, direction.letter] + passSuffix)
    }

    /// Whether the body stands at the routing engine, not at an interface.
    var isOfRoutingEngine: Bool {
        guard case .single = selector else { return false }
        return true
    }

    /// The direction of the instance.
    var direction: Direction {
        switch selector {
        case .device(let direction), .single(_, _, let direction): direction
        }
    }

    /// The `meta` key that tells the interface.
    var deviceKey: MetaKey { direction == .input ? .inputInterfaceName : .outputInterfaceName }

    private var passSuffix: [String] { pass == .routingEngine ? ["routing-engine"] : [] }
}
