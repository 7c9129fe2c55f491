// SPDX-License-Identifier: Apache-2.0
// Whatever a name holds, JSON and XML stay well formed and give it back.
import Foundation
import FoundationXML
import OperationalMode
import Testing

/// Reads an XML text and keeps the text between its tags.
private final class Reader: NSObject, XMLParserDelegate {
    var tags: [String] = []
    var text = ""

    func parser(
        _ parser: XMLParser,
        didStartElement name: String,
        namespaceURI: String?,
        qualifiedName: String?,
        attributes: [String: String]
    ) {
        tags.append(name)
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}

@Suite struct `Renderings` {
    private static let texts = [
        "plain", "a & b", "<tag attribute=\"x\">", "]]>", "quote \" and \\ backslash", "línea ☃ 🧱",
        "tab\tline\nreturn\r",
        "'", "&amp;",
    ]

    @Test(arguments: texts) func `give texts back`(text: String) throws {
        let element = OutputElement("a", [OutputElement("b", text), OutputElement("c", []), OutputElement("c", "")])
        let json = try JSONSerialization.jsonObject(with: Data(element.json.utf8)) as? [String: [[String: [Any]]]]
        let leaf = json?["a"]?.first?["b"]?.first as? [String: String]
        #expect(leaf == ["data": text])
        #expect(json?["a"]?.first?["c"]?.count == 2)

        let flat = OutputElement("b", text)
        let parser = XMLParser(data: Data(flat.xml.utf8))
        let reader = Reader()
        parser.delegate = reader
        #expect(parser.parse(), "\(flat.xml)")
        #expect(reader.tags == ["b"])
        #expect(
            reader.text.trimmingCharacters(in: CharacterSet(charactersIn: "\n"))
                == text.trimmingCharacters(in: CharacterSet(charactersIn: "\n"))
        )
    }

    @Test func `hold control characters as well as they can`() throws {
        let element = OutputElement("b", "x\u{1}y\u{0}z")
        #expect(element.xml == "<b>x\u{fffd}y\u{fffd}z</b>\n")
        let json = try JSONSerialization.jsonObject(with: Data(element.json.utf8)) as? [String: [[String: String]]]
        #expect(json == ["b": [["data": "x\u{1}y\u{0}z"]]])
    }
}
