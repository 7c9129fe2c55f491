// SPDX-License-Identifier: Apache-2.0
// How the daemon's consumers of kernel messages live on when they cannot listen.
import Foundation
import Logging

/// Runs `listen` until asked to stop, and again two seconds after each failure.
///
/// Without what is listened to the router filters on, so nothing here ends the daemon. A failure that goes on is said once.
///
/// - Parameters:
///   - consequence: what a failure means, for the log.
///   - listen: calls its argument as soon as it hears.
func keepListening(
    orElse consequence: String,
    _ logger: Logger,
    until isStopAsked: () -> Bool,
    _ listen: (_ didBegin: () -> Void) throws -> Void
) {
    var isSilent = false
    while !isStopAsked() {
        do {
            try listen {
                if isSilent { logger.notice("listening again") }
                isSilent = false
            }
        } catch {
            if !isSilent { logger.warning("\(consequence): \(error); trying again") }
            isSilent = true
            let retry = Date(timeIntervalSinceNow: 2)
            while !isStopAsked(), Date() < retry { Thread.sleep(forTimeInterval: 0.1) }
        }
    }
}
