// SPDX-License-Identifier: Apache-2.0
// What configurations refer to and do not say, found out now: the clock on the wall, addresses of names of hosts.
import Dispatch
import Foundation
public import JunosModel
public import NameResolution
import NetworkTypes
import Synchronization

extension LocalTime {
    /// The time in the host's own time zone (flow reference §6.4).
    public static func now() -> LocalTime {
        let parts = Calendar(identifier: .gregorian).dateComponents(
            [.year, .month, .day, .hour, .minute, .second],
            from: Date()
        )
        return LocalTime(
            year: parts.year ?? 1970,
            month: parts.month ?? 1,
            day: parts.day ?? 1,
            hour: parts.hour ?? 0,
            minute: parts.minute ?? 0,
            // A leap second is the last of its minute.
            second: min(59, parts.second ?? 0)
        )
    }
}

/// Names of hosts that address books of a configuration refer to.
public func hostNames(_ configuration: JunosConfiguration) -> Set<String> {
    var names: Set<String> = []
    for book in configuration.security?.addressBooks ?? [] {
        for case .dnsName(let name, _) in book.addresses.values { names.insert(name) }
    }
    return names
}

/// Resolves names side by side, at most sixteen at once; those that nobody could answer for are absent.
///
/// The threads are begun by the caller's, so they ask from the caller's network namespace; those of a shared pool would
/// ask from whichever namespace they were born in.
public func resolveHosts(_ names: Set<String>, at server: NameServer? = nil) -> [String: HostAddresses] {
    let waiting = Mutex(names.sorted())
    let results = Mutex<[String: HostAddresses]>([:])
    let group = DispatchGroup()
    for _ in 0..<min(16, names.count) {
        group.enter()
        Thread {
            while let name = waiting.withLock({ $0.popLast() }) {
                guard let found = resolveHost(name, at: server) else { continue }
                results.withLock { $0[name] = found }
            }
            group.leave()
        }.start()
    }
    group.wait()
    return results.withLock { $0 }
}

/// The circumstances of a configuration now: it asks name servers if the configuration has names of hosts.
public func currentCircumstances(_ configuration: JunosConfiguration) -> Circumstances {
    Circumstances(
        localTime: .now(),
        hostAddresses: resolveHosts(hostNames(configuration)).compactMapValues {
            $0.addresses.isEmpty ? nil : $0.addresses
        }
    )
}
