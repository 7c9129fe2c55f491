// SPDX-License-Identifier: Apache-2.0
// The state that one interface owns, and the elements by which rules find it.
import NftablesIR
import PolicyModel

/// Makes the objects that a filter charges at one place.
struct ChargeProvider {
    let names: ChargeNames
    let filterName: String
    let interface: String
    let link: String
    /// Nil at the routing engine, whose rules name their objects.
    let device: String?

    /// A counter of the place.
    func counter(_ kind: String, _ name: String, _ builder: inout ProgramBuilder) {
        let object = names.counterName(kind, filter: filterName, name, interface: interface)
        builder.object(.counter(object), .counter)
        enter(.counter(object), in: names.mapName(kind, [name]), nil, &builder)
    }

    /// A meter's limits and the counter of what is beyond them.
    func meter(_ meter: Meter, _ builder: inout ProgramBuilder) {
        counter("policer", meter.name, &builder)
        forEachLimit(of: meter) { parts, limit in
            if meter.sharing != .everywhere {
                let key = limitKey(meter, parts)
                builder.object(key, .limit(limit))
                enter(key, in: names.mapName("limit", parts), nil, &builder)
            } else {
                builder.object(.limit(names.sharedName("limit", parts)), .limit(limit))
            }
        }
    }

    /// Every member of an array.
    func array(_ array: AddressMeter, _ builder: inout ProgramBuilder) {
        for member in 0..<array.count {
            let bits = RegisterValue(network: UInt128(member) << UInt128(array.shift), count: 4).bytes
            let kinds = (array.counts ? ["counter"] : []) + (array.meter == nil ? [] : ["policer"])
            for kind in kinds {
                let name = array.memberName(member)
                let key = ObjectKey.counter(names.counterName(kind, filter: filterName, name, interface: interface))
                builder.object(key, .counter)
                enter(key, in: names.mapName(kind, [array.name]), bits, &builder)
            }
            guard let meter = array.meter else { continue }
            forEachLimit(of: meter) { parts, limit in
                let own = parts + ["\(member)"]
                if meter.sharing != .everywhere {
                    let key = limitKey(meter, own)
                    builder.object(key, .limit(limit))
                    enter(key, in: names.mapName("limit", parts), bits, &builder)
                } else {
                    let key = ObjectKey.limit(names.sharedName("limit", own))
                    builder.object(key, .limit(limit))
                    builder.mutableMap(
                        names.sharedName("map", parts),
                        key: .ipv4Address,
                        data: .object(.limit),
                        [SetElement(.single(bits), .object(key.name))]
                    )
                }
            }
        }
    }

    private func limitKey(_ meter: Meter, _ parts: [String]) -> ObjectKey {
        .limit(names.limitName(meter.sharing, filter: filterName, parts, interface: interface, link: link))
    }

    private func forEachLimit(of meter: Meter, _ body: (_ parts: [String], Limit) -> Void) {
        for (index, bucket) in meter.scheme.buckets.enumerated() {
            let reference = LimitReference(meter: meter, bucket: index)
            for (role, limit) in KernelBucket(bucket).limits { body(reference.parts(role, limit), limit) }
        }
    }

    /// Lets rules find an object by this place's device, by bits of an address, or by both.
    private func enter(_ key: ObjectKey, in map: String, _ bits: [UInt8]?, _ builder: inout ProgramBuilder) {
        let type: SetKeyType
        switch (device, bits) {
        case (nil, nil): return
        case (nil, _?): type = .ipv4Address
        case (_?, nil): type = .interfaceName
        case (_?, _?): type = .concatenation([.interfaceName, .ipv4Address])
        }
        let bytes = (device.map(deviceName) ?? []) + (bits ?? [])
        builder.mutableMap(map, key: type, data: .object(key.kind), [SetElement(.single(bytes), .object(key.name))])
    }
}
