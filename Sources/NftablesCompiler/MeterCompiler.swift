// SPDX-License-Identifier: Apache-2.0
// Meters as chains of limits: what a bucket refuses goes to one chain, what all of them admit to another.
import NetworkTypes
import NftablesIR
import PolicyModel

/// Which of an array's objects a packet is charged to.
struct AddressKey: Hashable {
    /// Where the address stands in the IPv4 header.
    var offset: UInt32
    /// The bits that choose.
    var mask: UInt32

    init(_ array: AddressMeter) {
        offset = array.field == .sourceAddress ? 12 : 16
        mask = UInt32(truncatingIfNeeded: UInt64(array.count - 1) << UInt64(array.shift))
    }

    /// Loads the bits into a register.
    func load(into register: Register) -> [Expression] {
        [
            .payloadLoad(.network, offset: offset, length: 4, into: register),
            .bitwise(
                register,
                into: register,
                mask: RegisterValue(network: UInt128(mask), count: 4),
                xor: RegisterValue(network: 0, count: 4)
            ),
        ]
    }
}

/// Compiles the meters of one filter body.
struct MeterCompiler {
    let version: AddressFamily
    let names: ChargeNames
    let origin: String
    /// Set where an address chooses among the meters of an array.
    var address: AddressKey?

    /// The chain that charges a meter; it returns unless it drops.
    func chain(_ meter: Meter, _ builder: inout ProgramBuilder) -> String {
        let refer = { (bucket: Int) in LimitReference(meter: meter, bucket: bucket) }
        let beyond = names.charge("policer", .counter, meter.name, address)
        switch meter.scheme {
        case .twoColor(let bucket, let drops, let level, let number):
            var rules = [rule(beyond)]
            if drops {
                rules.append(rule([.verdict(.drop)]))
            } else {
                if let level { rules.append(rule(Mark.set(Mark.lossPriority, to: UInt32(level) << 28))) }
                if let number { rules.append(rule(Mark.set(Mark.forwardingClass, to: UInt32(number) << 24))) }
            }
            let exceeded = builder.chain("exceeded", rules)
            return builder.chain("policer", ask(bucket, refer(0), exceeded: exceeded, else: nil, &builder))
        case .threeColor(let outer, let committed, let seesColor, let dropsRed):
            let red = builder.chain(
                "exceeded",
                [rule(beyond), rule(dropsRed ? [.verdict(.drop)] : Mark.set(Mark.lossPriority, to: 3 << 28))]
            )
            let yellow = builder.chain("yellow", [rule(Mark.set(Mark.lossPriority, to: 2 << 28))])
            let green = builder.chain("green", [rule(Mark.set(Mark.lossPriority, to: 0))])
            let inner = builder.chain(
                "policer",
                (seesColor ? [1, 2].map { arrives(with: $0, .goto(yellow)) } : [])
                    + ask(committed, refer(1), exceeded: yellow, else: green, &builder)
            )
            return builder.chain(
                "policer",
                (seesColor ? [arrives(with: 3, .goto(red))] : [])
                    + ask(outer, refer(0), exceeded: red, else: inner, &builder)
            )
        }
    }

    private func rule(_ expressions: [Expression]) -> Rule { Rule(expressions, comment: origin) }

    /// Goes elsewhere with packets that carry a loss priority.
    private func arrives(with level: UInt32, _ verdict: Verdict) -> Rule {
        rule([
            .metaLoad(.mark, into: .one),
            .bitwise(
                .one,
                into: .one,
                mask: RegisterValue(host: Mark.lossPriority),
                xor: RegisterValue(host: 0)
            ),
            .compare(.equal, .one, RegisterValue(host: level << 28)),
            .verdict(verdict),
        ])
    }

    /// Asks a bucket: what it refuses goes to one chain, the rest to another, or back where there is none.
    private func ask(
        _ bucket: Bucket,
        _ reference: LimitReference,
        exceeded: String,
        else next: String?,
        _ builder: inout ProgramBuilder
    ) -> [Rule] {
        let onward = next.map { [rule([.verdict(.goto($0))])] } ?? []
        func over(_ role: String, _ limit: Limit) -> Rule {
            rule(charge(reference, role, limit) + [.verdict(.goto(exceeded))])
        }
        switch KernelBucket(bucket) {
        case .single(let limit): return [over("all", limit)] + onward
        case .quanta(let bucket):
            let taking = over("quanta", bucket.quanta)
            var elements: Set<SetElement> = []
            for (index, limit) in bucket.classes.enumerated() {
                let full = UInt64(index + 1) * bucket.quantum
                var rules = [over(QuantumBucket.className(index), limit), over("second", bucket.second)]
                rules += Array(repeating: taking, count: index)
                // Whole quanta alone are charged: only the longest of the class has as many of them as its number.
                rules.append(rule(longerThan(full - 1) + taking.expressions))
                let isLast = index == bucket.classes.count - 1
                guard let lengths = lengths(full - bucket.quantum + (index == 0 ? 0 : 1), isLast ? 65535 : full) else {
                    continue
                }
                let chain = builder.chain("policer", rules + onward)
                elements.insert(SetElement(lengths, .verdict(.goto(chain))))
            }
            let byLength = builder.constantSet(.integer(2), data: .verdict, isInterval: true, elements)
            let tooLong =
                bucket.longest < 65535 ? [rule(longerThan(bucket.longest) + [.verdict(.goto(exceeded))])] : []
            return tooLong + [
                rule([loadLength, .verdictMap(set: byLength, key: .one)]),
                // Every length has its class: this is never reached.
                rule([.verdict(.goto(exceeded))]),
            ]
        }
    }

    /// The length field of the header.
    private var loadLength: Expression {
        .payloadLoad(.network, offset: version == .inet ? 2 : 4, length: 2, into: .one)
    }

    /// Goes on only for packets of more bytes, on either version.
    private func longerThan(_ bytes: UInt64) -> [Expression] {
        // The IPv6 header is not part of its payload length.
        guard version == .inet || bytes >= 40 else { return [] }
        let field = version == .inet ? bytes : bytes - 40
        return [loadLength, .compare(.greater, .one, RegisterValue(network: UInt128(field), count: 2))]
    }

    /// The values of the length field that packets of these lengths have; nil if there are none.
    private func lengths(_ first: UInt64, _ last: UInt64) -> SetElement.Key? {
        let header: UInt64 = version == .inet ? 0 : 40
        guard first <= min(last, 65535), last >= header else { return nil }
        let upper = last >= 65535 ? 65535 : last - header
        func bytes(_ value: UInt64) -> [UInt8] { RegisterValue(network: UInt128(value), count: 2).bytes }
        return .range(bytes(first > header ? first - header : 0), bytes(upper))
    }

    /// Charges one limit of a bucket.
    ///
    /// A look-up that may miss never shares a rule with a verdict but for limits, whose elements are added before
    /// and removed after everything that reads them (kernel facts T16).
    private func charge(_ reference: LimitReference, _ role: String, _ limit: Limit) -> [Expression] {
        if reference.meter.sharing != .everywhere {
            return names.charge(
                "limit",
                .limit,
                reference.parts(role, limit),
                address,
                sharing: reference.meter.sharing
            )
        }
        let shared = names.sharedName("limit", reference.parts(role, limit))
        guard let address else { return [.object(ObjectKey(.limit, shared))] }
        return address.load(into: .one) + [
            .objectMap(set: names.sharedName("map", reference.parts(role, limit)), key: .one)
        ]
    }
}

/// One of a meter's buckets, as its limits are named after it.
struct LimitReference {
    let meter: Meter
    let bucket: Int

    /// The components of a limit's name.
    func parts(_ role: String, _ limit: Limit) -> [String] { meter.scope + ["\(bucket)", role, limit.text] }
}
