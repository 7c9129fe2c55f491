// SPDX-License-Identifier: Apache-2.0
// Elements as XML, as `| display xml` has them inside its `rpc-reply`.

extension OutputElement {
    /// The element as XML, one line a value, each level four columns further in.
    public var xml: String {
        var result = ""
        render(into: &result, indentation: 0)
        return result
    }

    private func render(into result: inout String, indentation: Int) {
        let margin = String(repeating: " ", count: indentation)
        switch content {
        case .text(let text) where text.isEmpty: result += "\(margin)<\(tag)/>\n"
        case .elements(let elements) where elements.isEmpty: result += "\(margin)<\(tag)/>\n"
        case .text(let text): result += "\(margin)<\(tag)>\(escapedForXML(text))</\(tag)>\n"
        case .elements(let elements):
            result += "\(margin)<\(tag)>\n"
            for element in elements { element.render(into: &result, indentation: indentation + 4) }
            result += "\(margin)</\(tag)>\n"
        }
    }
}

/// Characters that XML 1.0 cannot hold at all become the replacement character.
private func escapedForXML(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\t", "\n": result.unicodeScalars.append(scalar)
        // A bare carriage return would be read back as a line feed.
        case "\r": result += "&#13;"
        case "\u{0}"..<" ", "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
