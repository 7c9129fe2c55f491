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
        /// Where a body stands once, its rules name their objects.
        case single(interface: String, link: String, filter: String, Direction)
    }

    /// Family and filters that share the body.
    var key: String
    var family: String
    var selector: Selector
    var pass: EvaluationPass
    /// Whether the body stands at the routing engine, not at an interface.
    var isOfRoutingEngine: Bool

    /// Whether packets meet the body where they arrive, in front of routing and conntrack.
    var meetsArrivals: Bool { direction == .input && pass == .packetForwardingEngine && !isOfRoutingEngine }

    /// What the implicit discard is charged to.
    static let implicitDiscard = implicitDiscardName

    /// The map that chooses an object by device; at the routing engine by an address alone.
    func mapName(_ kind: String, _ name: [String]) -> String {
        var place: [String] = []
        if case .single(let interface, _, _, _) = selector { place = [interface] }
        return boundedName(["map", kind, key] + name + place + [direction.letter] + passSuffix)
    }

    /// The counter of one interface.
    func counterName(_ kind: String, filter: String, _ name: String, interface: String) -> String {
        // Counters carry no kind in their name; the others do, so that a policer cannot meet a counter's name.
        stateName(
            (kind == "counter" ? [] : [kind]) + [family, filter, name, interface, direction.letter] + passSuffix
        )
    }

    /// The limit of one interface, or of its link whatever filter asks.
    func limitName(_ sharing: MeterSharing, filter: String, _ name: [String], interface: String, link: String)
        -> String
    {
        sharing == .link
            ? boundedName(["limit", "link"] + name + [link, direction.letter] + passSuffix)
            : boundedName(["limit", family, filter] + name + [interface, direction.letter] + passSuffix)
    }

    /// What all places of a filter share.
    func sharedName(_ kind: String, _ name: [String]) -> String { boundedName([kind, "shared", key] + name) }

    /// Charges an object of the packet's instance; with an address the member of an array that its bits choose.
    func charge(
        _ kind: String,
        _ objectKind: ObjectKind,
        _ name: [String],
        _ address: AddressKey? = nil,
        sharing: MeterSharing = .interface
    ) -> [Expression] {
        switch selector {
        case .device:
            return [.metaLoad(deviceKey, into: .one)] + (address?.load(into: Register(slot: 4)) ?? [])
                + [.objectMap(set: mapName(kind, name), key: .one)]
        case .single(let interface, let link, let filter, _):
            if let address {
                return address.load(into: .one) + [.objectMap(set: mapName(kind, name), key: .one)]
            }
            let object =
                objectKind == .limit
                ? limitName(sharing, filter: filter, name, interface: interface, link: link)
                : counterName(kind, filter: filter, name.joined(), interface: interface)
            return [.object(ObjectKey(objectKind, object))]
        }
    }

    /// Charges a counter of the packet's instance.
    func charge(_ kind: String, _ objectKind: ObjectKind, _ name: String, _ address: AddressKey? = nil) -> [Expression]
    {
        charge(kind, objectKind, [name], address)
    }

    /// The direction of the instance.
    var direction: Direction {
        switch selector {
        case .device(let direction), .single(_, _, _, let direction): direction
        }
    }

    /// The `meta` key that tells the interface.
    var deviceKey: MetaKey { direction == .input ? .inputInterfaceName : .outputInterfaceName }

    private var passSuffix: [String] { pass == .routingEngine ? ["routing-engine"] : [] }
}
