// SPDX-License-Identifier: Apache-2.0
// Text in columns as devices print it; what is too long pushes the rest to the right.

/// A text that begins a column of so many characters.
///
/// What is too long is followed by one space, so that readers by white space still find the columns.
func column(_ text: String, _ width: Int) -> String {
    text.count < width ? text + String(repeating: " ", count: width - text.count) : text + " "
}

/// A line with a further text that ends in a column, if there is room for it.
func line(_ line: String, with text: String, endingAt end: Int) -> String { column(line, end - text.count) + text }

/// A line that is filled up with spaces to so many characters.
func filled(_ line: String, to width: Int) -> String { line.count < width ? column(line, width) : line }

/// A line without white space at its end.
func trimmed(_ line: String) -> String {
    var line = Substring(line)
    while line.last == " " { line.removeLast() }
    return String(line)
}

/// The order of names in operational output: by bytes (filters reference §6.1).
func inByteOrder(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
