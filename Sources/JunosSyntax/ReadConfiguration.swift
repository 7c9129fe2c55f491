// SPDX-License-Identifier: Apache-2.0
// The way in: texts to one tree.
public import Diagnostics

/// A tree, and what was to be said about it.
public struct ReadResult: Sendable {
    /// The tree; with errors among the diagnostics it holds what could be understood.
    public let tree: ConfigurationTree
    /// Errors and warnings, in the order of the texts.
    public let diagnostics: [Diagnostic]

    /// Makes a result.
    public init(tree: ConfigurationTree, diagnostics: [Diagnostic]) {
        self.tree = tree
        self.diagnostics = diagnostics
    }
}

/// Reads one or several texts in order, each as `load merge` does onto what the previous ones gave.
///
/// The form of each text, hierarchical or lines of `set`, is told by how it begins. Codes of errors begin with
/// `syntax-`; reading goes on after each (filters reference §7.1, §7.2, §7.4).
public func readConfiguration(_ sources: [(name: String, text: String)]) -> ReadResult {
    var builder = TreeBuilder()
    var diagnostics: [Diagnostic] = []
    for source in sources {
        let isSetForm: Bool
        switch TextForm.recognise(source.text) {
        case .foreign(let form):
            diagnostics.append(
                Diagnostic(
                    .error,
                    "syntax-unsupported-format",
                    at: SourceLocation(file: source.name, line: 1, column: 1),
                    "this is \(form); give the configuration in hierarchical or set form"
                )
            )
            continue
        case .hierarchical: isSetForm = false
        case .set: isSetForm = true
        }
        var reader = TextReader(file: source.name, text: source.text, isSetForm: isSetForm, onto: builder)
        builder = TreeBuilder()
        reader.read()
        builder = reader.builder
        diagnostics += reader.diagnostics
    }
    return ReadResult(tree: builder.finish(), diagnostics: diagnostics)
}
