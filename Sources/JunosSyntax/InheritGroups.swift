// SPDX-License-Identifier: Apache-2.0
// The second pass: configuration groups, merged into the places that apply them (filters reference §7.5).
import Diagnostics

/// The tree with every `apply-groups` carried out; `groups`, `apply-groups` and `apply-groups-except` are gone from it.
///
/// Explicit statements win over groups, an inner `apply-groups` over an outer one, the first name in a list over later
/// ones. Lists unite, inherited entries last. Wildcards only match names that exist. A group may apply others.
/// Errors: `undefined-group`, `unsupported-group-condition`; warning `cluster-group`.
public func inheritGroups(_ tree: ConfigurationTree) -> ReadResult {
    var groups: [String: ConfigurationNode] = [:]
    for group in tree.root.child("groups")?.children ?? [] where groups[group.word] == nil {
        groups[group.word] = group
    }
    var inheritance = GroupInheritance(groups: groups)
    let root = inheritance.inherited(tree.root, at: Schema.junos.root, from: [])
    return ReadResult(tree: ConfigurationTree(root: root ?? tree.root), diagnostics: inheritance.diagnostics)
}

private struct GroupInheritance {
    /// The parts of one group that stand at the place being merged.
    struct Source {
        let group: String
        let parts: [ConfigurationNode]
    }

    let groups: [String: ConfigurationNode]
    var diagnostics: [Diagnostic] = []
    private var path: [String] = []
    private var reported: Set<SourceLocation> = []

    init(groups: [String: ConfigurationNode]) {
        self.groups = groups
    }

    /// The node with what it inherits, or nil if nothing changes.
    mutating func inherited(
        _ node: ConfigurationNode,
        at place: SchemaPlace,
        from outer: [Source]
    ) -> ConfigurationNode? {
        let sources = sources(for: node, outer)
        return sources.isEmpty ? descended(node, at: place) : merged(node, at: place, sources)
    }

    /// Only looks for applications further below.
    private mutating func descended(_ node: ConfigurationNode, at place: SchemaPlace) -> ConfigurationNode? {
        var result: [ConfigurationNode]?
        for (position, child) in node.children.enumerated() {
            var kept: ConfigurationNode? = child
            if isInstruction(child.word) {
                kept = nil
            } else {
                path.append(child.word)
                let changed = inherited(child, at: Schema.junos.place(of: child.word, below: place), from: [])
                path.removeLast()
                guard let changed else {
                    result?.append(child)
                    continue
                }
                kept = changed
            }
            if result == nil { result = Array(node.children[..<position]) }
            if let kept { result?.append(kept) }
        }
        return result.map { node.with(children: $0) }
    }

    private mutating func merged(
        _ node: ConfigurationNode,
        at place: SchemaPlace,
        _ sources: [Source]
    ) -> ConfigurationNode {
        let index = PartIndex(sources)
        var children: [ConfigurationNode] = []
        var present: Set<String> = []
        var hasValue = false
        for child in node.children where !isInstruction(child.word) {
            children.append(child)
            present.insert(child.word)
            hasValue = hasValue || Schema.junos.place(of: child.word, below: place).part == .value
        }
        for part in index.exactParts where !isInstruction(part.word) && !present.contains(part.word) {
            let partPlace = Schema.junos.place(of: part.word, below: place)
            if partPlace.part == .value, Schema.junos.kind(partPlace) == .leaf {
                if hasValue { continue }
                hasValue = true
            }
            if partPlace.part == .keyword,
                Schema.junos.rule(partPlace)?.rivals.contains(where: present.contains) == true
            {
                continue
            }
            present.insert(part.word)
            children.append(part.with(children: []))
        }
        let result = children.map { child in
            let childPlace = Schema.junos.place(of: child.word, below: place)
            let childSources = index.sources(for: child.word, isKeyword: childPlace.part == .keyword)
            path.append(child.word)
            defer { path.removeLast() }
            return inherited(child, at: childPlace, from: childSources) ?? child
        }
        return node.with(children: result)
    }

    /// What is carried out here and does not belong to the result.
    private func isInstruction(_ word: String) -> Bool {
        word == "apply-groups" || word == "apply-groups-except" || path.isEmpty && word == "groups"
    }

    // MARK: - Which groups apply

    /// The groups that apply at the current path, strongest first.
    private mutating func sources(for node: ConfigurationNode, _ outer: [Source]) -> [Source] {
        let exceptions = Set(node.child("apply-groups-except")?.children.map(\.word) ?? [])
        var names: Set<String> = exceptions
        var result: [Source] = []
        for application in node.child("apply-groups")?.children ?? [] {
            add(application, &names, &result)
        }
        for source in outer where names.insert(source.group).inserted {
            addWithNested(source, &names, &result)
        }
        return result
    }

    private mutating func add(_ application: ConfigurationNode, _ names: inout Set<String>, _ result: inout [Source]) {
        let name = groupName(application)
        guard names.insert(name).inserted else { return }
        guard let group = groups[name] else {
            report(
                .error,
                "undefined-group",
                application,
                "group '\(name)' is not defined; nothing is inherited from it"
            )
            return
        }
        if let condition = group.child("when") {
            report(
                .error,
                "unsupported-group-condition",
                condition,
                "group '\(name)' applies under a condition, which is not supported"
            )
            return
        }
        let parts = parts(of: group)
        if !parts.isEmpty {
            addWithNested(Source(group: name, parts: parts), &names, &result)
        }
    }

    /// Groups that a group applies come directly behind it.
    private mutating func addWithNested(_ source: Source, _ names: inout Set<String>, _ result: inout [Source]) {
        result.append(source)
        for part in source.parts {
            for application in part.child("apply-groups")?.children ?? [] {
                add(application, &names, &result)
            }
        }
    }

    /// The parts of a group at the current path.
    private func parts(of group: ConfigurationNode) -> [ConfigurationNode] {
        var parts = [group]
        var place = Schema.junos.root
        for word in path {
            place = Schema.junos.place(of: word, below: place)
            let isKeyword = place.part == .keyword
            parts = parts.flatMap { part in
                part.children.filter {
                    $0.word == word || !isKeyword && WildcardPattern($0.word)?.matches(word) == true
                }
            }
            if parts.isEmpty { break }
        }
        return parts
    }

    /// `${node}` names the group of the cluster member; a single device is node0.
    private mutating func groupName(_ application: ConfigurationNode) -> String {
        guard application.word == "${node}" else { return application.word }
        report(.warning, "cluster-group", application, "'${node}' stands for node0: this is no chassis cluster")
        return "node0"
    }

    private mutating func report(_ severity: Severity, _ code: String, _ node: ConfigurationNode, _ message: String) {
        guard reported.insert(node.location).inserted else { return }
        let words = path.map { quotedIfNeeded($0) }.joined(separator: " ")
        diagnostics.append(Diagnostic(severity, code, at: node.location, path: words, message))
    }
}

/// The children of several groups' parts, found by word.
private struct PartIndex {
    private struct Entry {
        let source: Int
        let part: ConfigurationNode
    }

    /// Parts with real names in order of strength.
    private(set) var exactParts: [ConfigurationNode] = []
    private var exact: [String: [Entry]] = [:]
    private var wildcards: [(pattern: WildcardPattern, entry: Entry)] = []
    private let names: [String]

    init(_ sources: [GroupInheritance.Source]) {
        names = sources.map(\.group)
        for (number, source) in sources.enumerated() {
            for part in source.parts.lazy.flatMap(\.children) {
                let entry = Entry(source: number, part: part)
                if let pattern = WildcardPattern(part.word) {
                    wildcards.append((pattern, entry))
                } else {
                    exact[part.word, default: []].append(entry)
                    exactParts.append(part)
                }
            }
        }
    }

    /// What the groups hold for a child of that name.
    func sources(for word: String, isKeyword: Bool) -> [GroupInheritance.Source] {
        var entries = exact[word] ?? []
        if !isKeyword {
            entries += wildcards.filter { $0.pattern.matches(word) }.map(\.entry)
        }
        guard !entries.isEmpty else { return [] }
        return names.indices.compactMap { number in
            let parts = entries.filter { $0.source == number }.map(\.part)
            return parts.isEmpty ? nil : GroupInheritance.Source(group: names[number], parts: parts)
        }
    }
}
