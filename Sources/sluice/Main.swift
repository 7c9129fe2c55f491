// SPDX-License-Identifier: Apache-2.0
// The program `sluice`; everything it does is in CommandLine.
import CommandLine

@main
enum Program {
    static func main() {
        runSluice()
    }
}
