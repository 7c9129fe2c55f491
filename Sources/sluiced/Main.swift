// SPDX-License-Identifier: Apache-2.0
// The program `sluiced`; everything it does is in Daemon.
import Daemon

@main
enum Program {
    static func main() {
        runDaemon()
    }
}
