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

/// Resolves names side by side; those that nobody could answer for are absent.
public func resolveHosts(_ names: Set<String>, at server: NameServer? = nil) -> [String: HostAddresses] {
    let list = names.sorted()
    let results = Mutex<[String: HostAddresses]>([:])
    DispatchQueue.concurrentPerform(iterations: list.count) { index in
        guard let found = resolveHost(list[index], at: server) else { return }
        results.withLock { $0[list[index]] = found }
    }
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
