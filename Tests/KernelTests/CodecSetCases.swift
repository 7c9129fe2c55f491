// SPDX-License-Identifier: Apache-2.0
// Every kind of set and element, and the table in which all cases stand together.
import NftablesIR

/// A table in which every rule of the cases can stand.
func tableOfCases() -> Table {
    var table = Table(family: .inet, name: "codec")
    table.objects = [
        .counter("c1"): .counter,
        .limit("l1"): .limit(Limit(rate: 1000, burst: 500, unit: .bytes, matchesOver: true)),
        .limit("l2"): .limit(Limit(rate: 3, period: 3600, burst: 9, unit: .packets, matchesOver: false)),
    ]
    for (name, timeout) in timeoutCases { table.objects[.conntrackTimeout(name)] = .conntrackTimeout(timeout) }
    table.chains["side"] = Chain(name: "side", rules: [Rule([.verdict(.return)])])
    for set in setCases { table.sets[set.name] = set }
    for (index, item) in ruleCases.enumerated() {
        let name = "case-\(index)"
        table.chains[name] = Chain(name: name, rules: [Rule(item.expressions, comment: item.name)])
    }
    let hooks: [(BaseChain.Hook, Int32)] = [
        (.prerouting, -450), (.input, 0), (.forward, 0), (.output, -150), (.postrouting, 300),
    ]
    for (hook, priority) in hooks {
        let base = BaseChain(hook: hook, priority: priority, policy: hook == .input ? .accept : .drop)
        table.chains[hook.rawValue] = Chain(name: hook.rawValue, base: base)
    }
    return table
}

/// Every kind of set and element.
let setCases: [NamedSet] = [
    NamedSet(name: "empty", key: .port),
    NamedSet(
        name: "hosts",
        key: .ipv4Address,
        elements: [SetElement(.single([10, 0, 0, 1])), SetElement(.single([0, 0, 0, 0]))]
    ),
    NamedSet(name: "fixed", key: .transportProtocol, isConstant: true, elements: [SetElement(.single([6]))]),
    NamedSet(
        name: "marks",
        key: .ipv4Address,
        data: .value(length: 4, typeNumber: 19),
        elements: [
            SetElement(.single([10, 0, 0, 1]), .value(RegisterValue(host: 7).bytes)),
            SetElement(.catchAll, .value(RegisterValue(host: 9).bytes)),
        ]
    ),
    NamedSet(
        name: "ways",
        key: .ipv4Address,
        data: .verdict,
        elements: [
            SetElement(.single([10, 0, 0, 1]), .verdict(.goto("side"))),
            SetElement(.single([10, 0, 0, 2]), .verdict(.jump("side"))),
            SetElement(.single([10, 0, 0, 3]), .verdict(.accept)),
            SetElement(.single([10, 0, 0, 4]), .verdict(.drop)),
            SetElement(.single([10, 0, 0, 5]), .verdict(.return)),
            SetElement(.catchAll, .verdict(.continue)),
        ]
    ),
    NamedSet(
        name: "tallies",
        key: .ipv4Address,
        data: .object(.counter),
        elements: [SetElement(.single([10, 0, 0, 1]), .object("c1")), SetElement(.catchAll, .object("c1"))]
    ),
    NamedSet(
        name: "intervals",
        key: .ipv4Address,
        isInterval: true,
        elements: [
            SetElement(.range([10, 0, 0, 0], [10, 255, 255, 255])),
            // Adjacent to the one before, one address, and up to all ones.
            SetElement(.single([11, 0, 0, 0])),
            SetElement(.range([192, 168, 0, 3], [192, 168, 1, 200])),
            SetElement(.range([224, 0, 0, 0], [255, 255, 255, 255])),
        ]
    ),
    NamedSet(
        name: "from-zero",
        key: .port,
        isInterval: true,
        elements: [SetElement(.range([0, 0], [3, 255])), SetElement(.single([255, 255]))]
    ),
    NamedSet(
        name: "everything",
        key: .ipv6Address,
        isInterval: true,
        elements: [
            SetElement(.range([UInt8](repeating: 0, count: 16), [UInt8](repeating: 255, count: 16)))
        ]
    ),
    NamedSet(
        name: "interval-ways",
        key: .ipv6Address,
        data: .verdict,
        isInterval: true,
        elements: [
            SetElement(
                .range([0xfd] + [UInt8](repeating: 0, count: 15), [0xfd] + [UInt8](repeating: 255, count: 15)),
                .verdict(.goto("side"))
            ),
            SetElement(.catchAll, .verdict(.drop)),
        ]
    ),
    NamedSet(
        name: "interval-values",
        key: .port,
        data: .value(length: 4, typeNumber: 19),
        isInterval: true,
        elements: [
            SetElement(.range([0, 80], [0, 90]), .value([1, 0, 0, 0])),
            SetElement(.single([0, 91]), .value([2, 0, 0, 0])),
        ]
    ),
    NamedSet(
        name: "interval-tallies",
        key: .port,
        data: .object(.counter),
        isInterval: true,
        elements: [SetElement(.range([0, 80], [0, 90]), .object("c1"))]
    ),
    NamedSet(
        name: "device-prefixes",
        key: .interfaceName,
        isInterval: true,
        elements: [
            SetElement(.range(interfaceBytes("eth"), Array("eth".utf8) + [UInt8](repeating: 255, count: 13))),
            SetElement(.single(interfaceBytes("lo"))),
        ]
    ),
    NamedSet(
        name: "devices",
        key: .interfaceName,
        data: .object(.limit),
        elements: [SetElement(.single(interfaceBytes("eth1")), .object("l1"))]
    ),
    NamedSet(
        name: "pairs",
        key: SetKeyType(typeNumber: 41 << 6 | 19, length: 20, fieldLengths: [16, 4]),
        data: .verdict,
        elements: [
            SetElement(.single(interfaceBytes("eth1") + RegisterValue(host: 5).bytes), .verdict(.goto("side"))),
            SetElement(.catchAll, .verdict(.drop)),
        ]
    ),
    NamedSet(
        name: "boxes",
        key: SetKeyType(typeNumber: (7 << 6 | 13), length: 8, fieldLengths: [4, 2]),
        data: .verdict,
        isInterval: true,
        elements: [
            SetElement(.range([10, 0, 0, 0, 0, 0, 0, 0], [10, 255, 255, 255, 255, 255, 0, 0]), .verdict(.accept)),
            SetElement(.single([11, 0, 0, 1, 0, 80, 0, 0]), .verdict(.drop)),
            SetElement(.catchAll, .verdict(.goto("side"))),
        ]
    ),
    NamedSet(
        name: "box-marks",
        key: SetKeyType(typeNumber: (7 << 6 | 13), length: 8, fieldLengths: [4, 2]),
        data: .value(length: 4, typeNumber: 19),
        isInterval: true,
        elements: [
            SetElement(.range([10, 0, 0, 0, 0, 22, 0, 0], [10, 0, 0, 255, 0, 22, 0, 0]), .value([1, 2, 3, 4]))
        ]
    ),
]

/// Timeout policies of every protocol that has them.
let timeoutCases: [(name: String, timeout: ConntrackTimeout)] = {
    let numbers: [UInt8] = [1, 6, 17, 47, 58, 132, 136]
    return numbers.map { number in
        let count = ConntrackTimeout.states(of: number) ?? 0
        var seconds = (0..<count).map { UInt32(60 + $0) }
        // Nothing, and as much as there may be.
        seconds[count / 2] = 0
        seconds[count - 1] = ConntrackTimeout.longest
        return ("timeout-\(number)", ConntrackTimeout(protocolNumber: number, seconds: seconds))
    }
}()
