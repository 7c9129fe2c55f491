// SPDX-License-Identifier: Apache-2.0
// Gathers a table while it is compiled; what has no name of its own is named after what it does.
import NetworkTypes
import NftablesIR
import PolicyModel

/// A table under construction.
struct ProgramBuilder {
    private(set) var table = Table(family: .inet, name: "sluice")
    /// The maps that step through IPv4 options, by the types they look for: made once, since they are long.
    var optionSteps: [IntervalSet: String] = [:]

    /// Adds a chain named after its rules, or finds the one that does the same.
    mutating func chain(_ role: String, _ rules: [Rule]) -> String {
        var hash = ContentHash()
        for rule in rules { hash.add(rule) }
        let name = "\(role)-\(hash.text)"
        if table.chains[name] == nil { table.chains[name] = Chain(name: name, rules: rules) }
        return name
    }

    /// Adds a base chain.
    mutating func baseChain(_ name: String, _ base: BaseChain, _ rules: [Rule]) {
        table.chains[name] = Chain(name: name, base: base, rules: rules)
    }

    /// Adds an empty regular chain under a name of its own.
    mutating func marker(_ name: String) {
        table.chains[name] = Chain(name: name)
    }

    /// Adds a set or map of constant content, named after it.
    mutating func constantSet(
        _ key: SetKeyType,
        data: SetData = .none,
        isInterval: Bool,
        _ elements: Set<SetElement>
    ) -> String {
        var hash = ContentHash()
        hash.add(UInt64(key.typeNumber))
        hash.add(UInt64(key.length))
        hash.add(byte: isInterval ? 1 : 0)
        let keyed = elements.map { (key: bytes($0.key), element: $0) }
        for (_, element) in keyed.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) { add(element, to: &hash) }
        let name = "\(data == .none ? "set" : "map")-\(hash.text)"
        if table.sets[name] == nil {
            table.sets[name] = NamedSet(
                name: name,
                key: key,
                data: data,
                isInterval: isInterval,
                isConstant: true,
                elements: elements
            )
        }
        return name
    }

    /// Adds a set of devices, named after them.
    mutating func deviceSet(_ devices: some Sequence<String>) -> String {
        constantSet(
            .interfaceName,
            isInterval: false,
            Set(devices.map { SetElement(.single(deviceName($0))) })
        )
    }

    /// Adds elements to a map under a name of its own, making the map if need be.
    mutating func mutableMap(
        _ name: String,
        key: SetKeyType = .interfaceName,
        data: SetData,
        _ elements: [SetElement]
    ) {
        table.sets[name, default: NamedSet(name: name, key: key, data: data)].elements.formUnion(elements)
    }

    /// Adds a stateful object, or finds it.
    mutating func object(_ key: ObjectKey, _ object: StatefulObject) {
        table.objects[key] = object
    }

    private func bytes(_ key: SetElement.Key) -> [UInt8] {
        switch key {
        case .single(let bytes): [0] + bytes
        case .range(let low, let high): [0] + low + high
        case .catchAll: [1]
        }
    }

    private func add(_ element: SetElement, to hash: inout ContentHash) {
        hash.add(bytes(element.key))
        switch element.value {
        case .none: hash.add(byte: 0)
        case .verdict(let verdict):
            hash.add(byte: 1)
            hash.add(verdict)
        case .value(let bytes):
            hash.add(byte: 2)
            hash.add(bytes)
        case .object(let name):
            hash.add(byte: 3)
            hash.add(name)
        }
    }
}

/// A device name as the kernel compares it: 16 bytes, padded with zeros (house style §5.1).
func deviceName(_ name: String) -> [UInt8] {
    let bytes = Array(name.utf8.prefix(15))
    return bytes + Array(repeating: 0, count: 16 - bytes.count)
}

/// Goes on only for packets of one IP version (`NFPROTO_IPV4` 2, `NFPROTO_IPV6` 10).
func isVersion(_ version: AddressFamily) -> [Expression] {
    [
        .metaLoad(.networkFamily, into: .one),
        .compare(.equal, .one, RegisterValue([version == .inet ? 2 : 10])),
    ]
}

/// Goes on only for packets through one device.
func isDevice(_ key: MetaKey, _ name: String) -> [Expression] {
    [.metaLoad(key, into: .one), .compare(.equal, .one, RegisterValue(deviceName(name)))]
}

/// Goes on only for one upper-layer protocol.
func isProtocol(_ number: UInt8) -> [Expression] {
    [.metaLoad(.transportProtocol, into: .one), .compare(.equal, .one, RegisterValue([number]))]
}
