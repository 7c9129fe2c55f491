// SPDX-License-Identifier: Apache-2.0
// Elements as JSON in the shape of `| display json`: every value an array, every leaf `{"data": "…"}`.
import Diagnostics

extension OutputElement {
    /// The element as JSON, as the one member of an object.
    public var json: String {
        var result = ""
        OutputElement("", [self]).renderMembers(into: &result, indentation: 0)
        return result + "\n"
    }

    /// An object with what the element holds; elements of one tag share one array, in order.
    private func renderMembers(into result: inout String, indentation: Int) {
        switch content {
        case .text(let text):
            let margin = String(repeating: " ", count: indentation)
            result += "{\n\(margin)    \"data\" : \(jsonString(text))\n\(margin)}"
        case .elements(let elements):
            var order: [String] = []
            var groups: [String: [OutputElement]] = [:]
            for element in elements {
                if groups[element.tag] == nil { order.append(element.tag) }
                groups[element.tag, default: []].append(element)
            }
            let margin = String(repeating: " ", count: indentation)
            result += "{"
            for (number, tag) in order.enumerated() {
                result += (number > 0 ? "," : "") + "\n\(margin)    \(jsonString(tag)) : ["
                for (position, element) in (groups[tag] ?? []).enumerated() {
                    result += (position > 0 ? "," : "") + "\n\(margin)    "
                    element.renderMembers(into: &result, indentation: indentation + 4)
                }
                result += "\n\(margin)    ]"
            }
            result += order.isEmpty ? "}" : "\n\(margin)}"
        }
    }
}
