// SPDX-License-Identifier: Apache-2.0
// The tree as commands, as `show configuration | display set` prints it (filters reference §7.3).

/// Absolute `set` lines in tree order; `deactivate` and `protect` lines follow the lines of their statement.
public func renderSet(_ tree: ConfigurationTree) -> String {
    var printer = SetPrinter()
    for child in tree.root.children {
        printer.print(child)
    }
    return printer.text
}

private struct SetPrinter {
    var text = ""
    private var path = ""

    mutating func print(_ node: ConfigurationNode) {
        let length = path.utf8.count
        path += " "
        path += quotedIfNeeded(node.word)
        if node.children.isEmpty {
            line("set")
        }
        for child in node.children {
            print(child)
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
