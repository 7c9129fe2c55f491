// SPDX-License-Identifier: Apache-2.0
// The program asked about a first packet between two zones: which policies it charges.
public import JunosModel
public import NetworkTypes
import NftablesEvaluator
public import NftablesIR

/// The hit counters that a program charges for a first packet, in order: the deciding policy's is the last one.
///
/// The packet meets the base chain of sessions alone, with no filter before it, on the first interface of each zone.
///
/// - Throws: `ProgramPathError` if a zone has no interface with a device, or the machine refuses an expression.
public func programPolicies(
    _ table: Table,
    _ configuration: JunosConfiguration,
    from: String,
    to: String,
    _ packet: NetworkTypes.Packet
) throws(ProgramPathError) -> [String] {
    func device(_ zone: String) throws(ProgramPathError) -> InterfaceName? {
        guard zone != "junos-host" else { return nil }
        let members = configuration.security?.zones.first { $0.name == zone }?.interfaces.map(\.name) ?? []
        for interface in configuration.interfaces where members.contains(interface.name) {
            if let name = interface.device.flatMap(InterfaceName.init) { return name }
        }
        throw .noDevice("the zone \(zone)")
    }
    let input = try device(from)
    let output = try device(to)
    let chain = input == nil ? "from-routing-engine" : output == nil ? "to-routing-engine" : "transit"
    var state = MachineState()
    do {
        let outcome = try Machine(table).run(
            chain: chain,
            NftablesEvaluator.Packet(
                packet.bytes,
                family: packet.family == .inet ? .ipv4 : .ipv6,
                input: input,
                output: output,
                conntrack: .tracked(ConntrackEntry(.new))
            ),
            at: 0,
            state: &state
        )
        return outcome.effects.compactMap { effect in
            guard case .counted(let key) = effect else { return nil }
            return key.name
        }
    } catch {
        throw .refused(error.description)
    }
}
