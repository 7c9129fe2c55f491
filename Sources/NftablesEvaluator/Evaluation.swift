// SPDX-License-Identifier: Apache-2.0
// One packet's way through base chains: verdicts, jumps, returns, policies.
public import NftablesIR

extension Machine {
    /// Runs all base chains of a hook in order of priority, as long as none drops the packet.
    ///
    /// In `prerouting` and `output`, chains at priority -200 and before run ahead of conntrack and see nothing of it; a
    /// `notrack` there keeps it away (kernel facts T2, §2). Nothing else happens between chains: whether fragments are put
    /// together at -400 is for the caller to say by what it passes.
    ///
    /// - Parameters:
    ///   - hook: The hook; a device hook is refused, since lengths differ there (kernel facts §1.4).
    ///   - packet: The packet as it comes to the hook.
    ///   - now: The monotonic clock in nanoseconds.
    ///   - state: Counters and limits, which it charges.
    ///   - recordingTrace: Whether to list the rules that took part.
    /// - Returns: What becomes of the packet; accepted without a decision if no base chain is there.
    /// - Throws: What the machine does not know.
    public func run(
        _ hook: BaseChain.Hook,
        _ packet: Packet,
        at now: UInt64,
        state: inout MachineState,
        recordingTrace: Bool = true
    ) throws(EvaluationError) -> Outcome {
        guard hook != .ingress, hook != .egress else {
            throw EvaluationError(.unsupported("hook \(hook.rawValue)"))
        }
        var evaluation = Evaluation(packet, now, recordingTrace)
        guard !isDormant, sees(packet.family), let members = hooks[hook] else { return evaluation.outcome(.accept) }
        let tracksHere = hook == .prerouting || hook == .output
        if tracksHere { evaluation.conntrack = .none }
        var isTracked = !tracksHere
        for (index, chain) in members.enumerated() {
            if index > 0, priority(members[index - 1]) == priority(chain) {
                throw EvaluationError(.samePriority(chains[members[index - 1]].name, chains[chain].name))
            }
            if !isTracked, priority(chain) > -200 {
                isTracked = true
                if evaluation.conntrack != .untracked { evaluation.conntrack = packet.conntrack }
            }
            let fate = try evaluation.run(self, base: chain, state: &state)
            guard fate == .accept else { return evaluation.outcome(fate) }
        }
        return evaluation.outcome(.accept)
    }

    /// Runs one base chain, with the packet's conntrack as given.
    ///
    /// - Parameters:
    ///   - name: The base chain.
    ///   - packet: The packet as it comes to the chain.
    ///   - now: The monotonic clock in nanoseconds.
    ///   - state: Counters and limits, which it charges.
    ///   - recordingTrace: Whether to list the rules that took part.
    /// - Returns: What becomes of the packet.
    /// - Throws: What the machine does not know; `noChain` if the table has no base chain of that name.
    public func run(
        chain name: String,
        _ packet: Packet,
        at now: UInt64,
        state: inout MachineState,
        recordingTrace: Bool = true
    ) throws(EvaluationError) -> Outcome {
        guard let chain = chainIndices[name], let base = chains[chain].base else {
            throw EvaluationError(.noChain(name))
        }
        guard base.hook != .ingress, base.hook != .egress else {
            throw EvaluationError(.unsupported("hook \(base.hook.rawValue)"))
        }
        var evaluation = Evaluation(packet, now, recordingTrace)
        guard !isDormant, sees(packet.family) else { return evaluation.outcome(.accept) }
        let fate = try evaluation.run(self, base: chain, state: &state)
        return evaluation.outcome(fate)
    }
}

/// What a step leaves in the verdict register.
enum StepResult {
    /// On to the next expression.
    case next
    /// On to the next rule (`NFT_BREAK`).
    case nextRule
    case verdict(CompiledVerdict)
    case reject(RejectKind)
    /// Needs to know what it does not.
    case fail(EvaluationError.Reason)
}

/// One packet on its way.
struct Evaluation {
    var bytes: [UInt8]
    var mark: UInt32
    var priority: UInt32
    var conntrack: Conntrack
    var conntrackMark: UInt32?
    var isUntracked = false
    var registers = RegisterFile()
    var walk = HeaderWalk([], .ipv4)
    var effects: [Effect] = []
    /// The rule that runs, as indices.
    var chain = 0
    var rule = 0
    var packet: Packet
    let now: UInt64
    private var decisions: [Decision] = []
    private var trace: [RulePosition] = []
    private let recordsTrace: Bool

    init(_ packet: Packet, _ now: UInt64, _ recordsTrace: Bool) {
        self.packet = packet
        self.now = now
        self.recordsTrace = recordsTrace
        bytes = packet.bytes
        mark = packet.mark
        priority = packet.priority
        conntrack = packet.conntrack
    }

    /// Where the current rule stands.
    func position(_ machine: Machine) -> RulePosition {
        RulePosition(chain: machine.chains[chain].name, rule: rule - machine.chains[chain].rules.lowerBound)
    }

    func outcome(_ fate: Fate) -> Outcome {
        Outcome(
            fate: fate,
            decisions: decisions,
            mark: mark,
            priority: priority,
            conntrackMark: conntrackMark,
            isUntracked: isUntracked,
            bytes: bytes,
            effects: effects,
            trace: trace
        )
    }

    /// Runs a base chain to its answer.
    mutating func run(
        _ machine: Machine,
        base: Int,
        state: inout MachineState
    ) throws(EvaluationError) -> Fate {
        let name = machine.chains[base].name
        guard try runsAtAll(machine, base) else { return .accept }
        walk = HeaderWalk(bytes, packet.family)
        chain = base
        rule = machine.chains[base].rules.lowerBound
        let fate = try walkChains(machine, &state)
        if let fate {
            decisions.append(Decision(chain: name, fate: fate, rule: position(machine)))
            return fate
        }
        let policy: Fate = machine.chains[base].base?.policy == .drop ? .drop : .accept
        decisions.append(Decision(chain: name, fate: policy, rule: nil))
        return policy
    }

    /// Whether the stack runs the chain for this packet: nat chains only for the first packet of a connection, and whether
    /// this one is the first the state alone does not tell.
    private func runsAtAll(_ machine: Machine, _ base: Int) throws(EvaluationError) -> Bool {
        guard machine.chains[base].base?.kind == .nat else { return true }
        guard case .tracked(let entry) = conntrack, entry.state != .established else { return false }
        throw EvaluationError(.unsupported("nat chain \(machine.chains[base].name) for the start of a connection"))
    }

    /// Walks rules and chains until a verdict ends the base chain; nil if its end is reached.
    private mutating func walkChains(
        _ machine: Machine,
        _ state: inout MachineState
    ) throws(EvaluationError) -> Fate? {
        // Callers: chain, next rule, and how deep the chain stands. `goto` replaces the chain and keeps the callers, but
        // counts as a level, since the kernel checks the depth of every path when it loads them (kernel facts §7).
        var callers: [(chain: Int, rule: Int, depth: Int)] = []
        var depth = 1
        while true {
            guard rule < machine.chains[chain].rules.upperBound else {
                guard let caller = callers.popLast() else { return nil }
                (chain, rule, depth) = caller
                continue
            }
            switch try runRule(machine, &state) {
            case .next:
                note(machine)
                rule += 1
            case .nextRule:
                rule += 1
            case .reject(let kind):
                note(machine)
                return .reject(kind)
            case .fail(let reason):
                throw EvaluationError(reason, at: position(machine))
            case .verdict(let verdict):
                note(machine)
                switch verdict {
                case .accept: return .accept
                case .drop: return .drop
                case .continue: rule += 1
                case .return: rule = machine.chains[chain].rules.upperBound
                case .refuse(let index):
                    throw EvaluationError(machine.refusals[index].reason, at: position(machine))
                case .jump(let target), .goto(let target):
                    guard depth < 16 else { throw EvaluationError(.tooDeep, at: position(machine)) }
                    if case .jump = verdict { callers.append((chain, rule + 1, depth)) }
                    depth += 1
                    chain = target
                    rule = machine.chains[target].rules.lowerBound
                }
            }
        }
    }

    /// Runs the expressions of the current rule.
    private mutating func runRule(
        _ machine: Machine,
        _ state: inout MachineState
    ) throws(EvaluationError) -> StepResult {
        for index in machine.rules[rule] {
            let result = step(machine.instructions[index], machine, &state)
            switch result {
            case .next, .verdict(.continue): continue
            default: return result
            }
        }
        return .next
    }

    private mutating func note(_ machine: Machine) {
        if recordsTrace { trace.append(position(machine)) }
    }

    /// Runs one expression.
    private mutating func step(
        _ instruction: Instruction,
        _ machine: Machine,
        _ state: inout MachineState
    ) -> StepResult {
        switch instruction {
        case .metaLoad(let key, let slot): loadMeta(key, slot)
        case .markStore(let slot): storeMark(slot)
        case .priorityStore(let slot): storePriority(slot)
        case .payloadLoad(let place, let slot): loadPayload(place, slot)
        case .payloadStore(let place, let slot, let checksumOffset, let mendsTransport):
            storePayload(place, slot, checksumOffset: checksumOffset, mendsTransport: mendsTransport)
        case .ipv6Header(let type, let offset, let length, let testsPresence, let slot):
            loadIPv6Header(type, offset, length, testsPresence, slot)
        case .ipv4Option(let type, let slot): testIPv4Option(type, slot)
        case .tcpOption(let type, let offset, let length, let testsPresence, let slot):
            loadTCPOption(type, offset, length, testsPresence, slot)
        case .tcpOptionStore(let type, let offset, let slot): storeTCPOption(type, offset, slot)
        case .conntrackLoad(let key, let slot): loadConntrack(key, slot)
        case .conntrackMarkStore(let slot): storeConntrackMark(slot)
        case .notrack: notrack()
        case .compare(let comparison, let slot, let value): compare(comparison, slot, value)
        case .range(let inside, let slot, let low, let high): checkRange(inside, slot, low, high)
        case .bitwise(let slot, let destination, let mask, let xor): bitwise(slot, destination, mask, xor)
        case .byteOrder(let slot, let destination, let length, let size): swap(slot, destination, length, size)
        case .immediate(let slot, let value): setRegister(slot, value)
        case .lookup(let set, let slot, let destination, let inverted):
            lookup(machine, set, slot, destination, inverted)
        case .verdictMap(let set, let slot): lookupVerdict(machine, set, slot)
        case .objectMap(let set, let slot): lookupObject(machine, set, slot, &state)
        case .object(let index): charge(machine, index, &state)
        case .anonymousCounter: countAnonymously(machine)
        case .anonymousLimit(let shape, let expression): limitAnonymously(machine, shape, expression, &state)
        case .log(let parameters): log(parameters)
        case .verdict(let verdict): .verdict(verdict)
        case .reject(let kind): .reject(kind)
        case .refuse(let index): .fail(machine.refusals[index].reason)
        }
    }
}
