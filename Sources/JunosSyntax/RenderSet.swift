// SPDX-License-Identifier: Apache-2.0
// The tree as commands, as `show configuration | display set` prints it (filters reference §7.3).

/// Absolute `set` lines in tree order; `deactivate` and `protect` lines follow the lines of their statement.
public func renderSet(_ tree: ConfigurationTree) -> String {
    var printer = SetPrinter()
    for child in tree.root.children {
        printer.print(child, after: Schema.junos.root, in: Schema.junos.root)
    }
    return printer.text
}

private struct SetPrinter {
    var text = ""
    private var path = ""

    mutating func print(_ node: ConfigurationNode, after previous: SchemaPlace, in container: SchemaPlace) {
        let place = Schema.junos.place(of: node.word, below: previous)
        let length = path.utf8.count
        path += " "
        path += Schema.junos.text(node.word, after: previous, in: container)
        if node.children.isEmpty {
            line("set")
        }
        let inner = Schema.junos.container(after: place, before: container)
        for child in node.children {
            print(child, after: place, in: inner)
        }
        if node.isInactive {
            line("deactivate")
        }
        if node.isProtected {
            line("protect")
        }
        path.removeLast(characters: path.utf8.count - length)
    }

    private mutating func line(_ verb: String) {
        text += verb
        text += path
        text += "\n"
    }
}

extension String {
    /// Shortens the text by a number of UTF-8 bytes.
    fileprivate mutating func removeLast(characters bytes: Int) {
        let end = utf8.index(endIndex, offsetBy: -bytes)
        removeSubrange(end...)
    }
}
