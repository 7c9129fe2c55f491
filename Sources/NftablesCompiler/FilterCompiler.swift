// SPDX-License-Identifier: Apache-2.0
// A filter body as chains. The body is reached by `jump`; its chains reach each other by `goto`, so that `return`
// always means: this filter accepts, go on behind it.
import NetworkTypes
import NftablesIR
import PolicyModel

/// Compiles one body for one place.
struct FilterCompiler {
    let body: FilterBody
    let names: ChargeNames
    /// Whether fragments can arrive one by one here: not behind reassembly.
    let seesFragments: Bool

    /// State that the body refers to by device: `(kind, name)` of counters and meters, filled while compiling.
    private(set) var charges = Charges()
    /// What matching each step comes to; the same in every variant of the body.
    private var endings: [Int: Ending?] = [:]

    /// What the interfaces that use the body must provide.
    struct Charges: Hashable {
        /// Counters by name.
        var counters: Set<String> = []
        /// Meters by scope: several may have one name.
        var meters: [[String]: Meter] = [:]
        /// Arrays by scope.
        var arrays: [[String]: AddressMeter] = [:]
    }

    init(body: FilterBody, names: ChargeNames, seesFragments: Bool) {
        self.body = body
        self.names = names
        self.seesFragments = seesFragments
    }

    /// The name of the chain to jump to.
    mutating func compile(_ builder: inout ProgramBuilder) -> String {
        let main = rules(.transportHeader, &builder)
        guard seesFragments, body.steps.contains(where: { $0.match.readsTransport }) else {
            return builder.chain("filter", main)
        }
        let fragments = LaterFragmentPull.serves(body) ? LaterFragmentPull.rule(&builder) : laterFragments(&builder)
        return builder.chain("filter", [fragments] + main)
    }

    /// Sends later fragments to variants of the body that read where DESIGN §3.9 says.
    private mutating func laterFragments(_ builder: inout ProgramBuilder) -> Rule {
        if body.version == .inet6 {
            let variant = builder.chain("filter", rules(.absent, &builder))
            return Rule(
                [
                    .extensionHeader(.ipv6, type: 44, offset: 2, length: 2, testsPresence: false, into: .one),
                    .bitwise(
                        .one,
                        into: .one,
                        mask: RegisterValue([0xff, 0xf8]),
                        xor: RegisterValue([0, 0])
                    ),
                    .compare(.notEqual, .one, RegisterValue([0, 0])),
                    .verdict(.goto(variant)),
                ],
                comment: "later fragments: no transport header"
            )
        }
        var elements: Set<SetElement> = []
        for words in UInt32(5)...15 {
            let variant = builder.chain("filter", rules(.behindIPv4Header(words: words), &builder))
            elements.insert(SetElement(.single([UInt8(words)]), .verdict(.goto(variant))))
        }
        let byLength = builder.constantSet(.integer(1), data: .verdict, isInterval: false, elements)
        // A header shorter than five words never reaches the hook, so the look-up always finds its chain.
        let dispatch = builder.chain(
            "fragments",
            [
                Rule(
                    [
                        .payloadLoad(.network, offset: 0, length: 1, into: .one),
                        .bitwise(.one, into: .one, mask: RegisterValue([0x0f]), xor: RegisterValue([0])),
                        .verdictMap(set: byLength, key: .one),
                    ],
                    comment: "later fragments: payload at the same offset, by header length"
                ),
                Rule([.verdict(.drop)]),
            ]
        )
        return Rule(
            [
                .payloadLoad(.network, offset: 6, length: 2, into: .one),
                .bitwise(.one, into: .one, mask: RegisterValue([0x1f, 0xff]), xor: RegisterValue([0, 0])),
                .compare(.notEqual, .one, RegisterValue([0, 0])),
                .verdict(.goto(dispatch)),
            ],
            comment: "later fragments"
        )
    }

    private mutating func rules(_ access: TransportAccess, _ builder: inout ProgramBuilder) -> [Rule] {
        let conditions = ConditionCompiler(version: body.version, access: access)
        var rules: [Rule] = []
        rules.reserveCapacity(body.steps.count + 2)
        for (index, step) in body.steps.enumerated() where !step.match.isNever {
            let alternatives = conditions.alternatives(step.match, &builder)
            guard !alternatives.isEmpty, let ending = ending(ofStep: index, &builder) else { continue }
            switch ending {
            case .final(let verdict):
                rules += alternatives.map { Rule($0 + [.verdict(verdict)], comment: step.origin) }
            case .passing(let chain):
                // A packet that several alternatives match is charged once: they share one visit.
                let target =
                    alternatives.count == 1
                    ? chain
                    : builder.chain(
                        "match",
                        alternatives.map { Rule($0 + [.verdict(.goto(chain))], comment: step.origin) }
                    )
                let guards = alternatives.count == 1 ? alternatives[0] : []
                rules.append(Rule(guards + [.verdict(.jump(target))], comment: step.origin))
            }
        }
        // The end of the chain returns.
        if body.acceptsRest { return rules }
        charges.counters.insert(ChargeNames.implicitDiscard)
        let origin = body.origin + " implicit-discard"
        rules.append(Rule(names.charge("counter", .counter, ChargeNames.implicitDiscard), comment: origin))
        rules.append(Rule([.verdict(.drop)], comment: origin))
        return rules
    }

    private enum Ending {
        /// The rule itself decides, or hands over for good.
        case final(Verdict)
        /// The rule visits a chain and evaluation goes on.
        case passing(String)
    }

    private mutating func ending(ofStep index: Int, _ builder: inout ProgramBuilder) -> Ending? {
        if let known = endings[index] { return known }
        let ending = ending(of: body.steps[index], &builder)
        endings[index] = .some(ending)
        return ending
    }

    private mutating func ending(of step: FilterStep, _ builder: inout ProgramBuilder) -> Ending? {
        if step.actions.isEmpty {
            switch step.outcome {
            case .accept: return .final(.return)
            case .drop: return .final(.drop)
            case .proceed: return nil
            case .refuse: break
            }
        }
        var rules: [Rule] = []
        for action in step.actions { rules += compile(action, step, &builder) }
        switch step.outcome {
        case .accept: rules.append(Rule([.verdict(.return)]))
        case .drop: rules.append(Rule([.verdict(.drop)]))
        case .refuse(let answer): rules += refusal(answer)
        case .proceed: break
        }
        let chain = builder.chain("term", rules.map { Rule($0.expressions, comment: $0.comment ?? step.origin) })
        return step.outcome == .proceed ? .passing(chain) : .final(.goto(chain))
    }

    private mutating func compile(
        _ action: StepAction,
        _ step: FilterStep,
        _ builder: inout ProgramBuilder
    ) -> [Rule] {
        switch action {
        case .count(let name):
            charges.counters.insert(name)
            return [Rule(names.charge("counter", .counter, name))]
        case .log(let statement):
            return [Rule([.log(logParameters(names.isOfRoutingEngine ? .routingEngineFilter : .filter, statement))])]
        case .meter(let meter):
            charges.meters[meter.scope] = meter
            let compiler = MeterCompiler(version: body.version, names: names, origin: step.origin)
            return [Rule([.verdict(.jump(compiler.chain(meter, &builder)))])]
        case .meterByAddress(let array):
            return compile(array, step, &builder)
        case .setForwardingClass(let number):
            return [Rule(Mark.set(Mark.forwardingClass, to: UInt32(number) << 24))]
        case .setLossPriority(let level):
            return [Rule(Mark.set(Mark.lossPriority, to: UInt32(level) << 28))]
        case .setDSCP(let value):
            return [Rule(rewriteDSCP(value))]
        case .copy(let copy):
            return [Rule([.log(copyParameters(copy))])]
        case .setDontFragment(let isSet):
            return [Rule(rewriteHeaderWord(offset: 6, field: 0x4000, to: isSet ? 0x4000 : 0))]
        case .chooseRoutingTable(let number):
            // Only in front of the routing decision does it mean anything (filters reference §4.1).
            guard names.meetsArrivals else { return [] }
            return [Rule(Mark.set(Mark.routingTable, to: UInt32(number) << 16))]
        case .packetMode:
            // Only where packets arrive, in front of conntrack, does it mean anything (flow reference §1.4).
            guard names.meetsArrivals else { return [] }
            return [Rule(Mark.set(Mark.packetMode, to: Mark.packetMode)), Rule([.notrack])]
        }
    }

    /// An array that an address chooses from: first the member's counter, then its meter.
    private mutating func compile(_ array: AddressMeter, _ step: FilterStep, _ builder: inout ProgramBuilder) -> [Rule]
    {
        charges.arrays[array.scope] = array
        let key = AddressKey(array)
        let compiler = MeterCompiler(version: body.version, names: names, origin: step.origin, address: key)
        return (array.counts ? [Rule(names.charge("counter", .counter, array.name, key))] : [])
            + (array.meter.map { [Rule([.verdict(.jump(compiler.chain($0, &builder)))])] } ?? [])
    }

    private func refusal(_ answer: RefusalAnswer) -> [Rule] {
        let markAndAnswer = { (kind: RejectKind) in
            Mark.set(Mark.reject, to: Mark.reject) + [.reject(kind)]
        }
        return (answer.resetsTCP ? [Rule(isProtocol(6) + markAndAnswer(.tcpReset))] : [])
            + [Rule(markAndAnswer(.icmp(code: answer.code)))]
    }

    private func rewriteDSCP(_ value: UInt8) -> [Expression] {
        let shift: UInt16 = body.version == .inet ? 2 : 6
        return rewriteHeaderWord(offset: 0, field: 0x3f << shift, to: UInt16(value) << shift)
    }

    /// Replaces bits of a 16-bit word of the IP header, and mends the checksum of an IPv4 header.
    private func rewriteHeaderWord(offset: UInt32, field: UInt16, to value: UInt16) -> [Expression] {
        let isIPv4 = body.version == .inet
        return [
            .payloadLoad(.network, offset: offset, length: 2, into: .one),
            .bitwise(
                .one,
                into: .one,
                mask: RegisterValue(network: UInt128(~field), count: 2),
                xor: RegisterValue(network: UInt128(value), count: 2)
            ),
            .payloadStore(
                .network,
                offset: offset,
                length: 2,
                from: .one,
                checksumType: isIPv4 ? 1 : 0,
                checksumOffset: isIPv4 ? 10 : 0,
                checksumFlags: 0
            ),
        ]
    }
}
