// SPDX-License-Identifier: Apache-2.0
// Each SRX configuration of the corpus loads, or is refused for work that is still to come, for what Sluice leaves to
// others, or for what the file itself lacks.
import Diagnostics
import JunosModel
import TestSupport
import Testing

/// Why a statement that devices know is refused here.
private enum Reason: String, CaseIterable {
    case translation = "NAT"
    case screens = "screens"
    case gateways = "ALGs"
    case tunnels = "VPN"
    case content = "IDP and content"
    case identity = "identity"
    case host = "not for this host"
}

/// Words of refused statements' paths or texts, and what they belong to.
private let refusedWords: [(word: String, reason: Reason)] = [
    ("nat", .translation), ("screen", .screens), ("alg", .gateways), ("ike", .tunnels), ("ipsec", .tunnels),
    ("l3vpn", .tunnels), ("source-l3vpn-vrf-group", .tunnels), ("destination-l3vpn-vrf-group", .tunnels),
    ("tunnel", .tunnels), ("tunnel-inspection", .tunnels), ("mpls", .tunnels), ("idp", .content), ("utm", .content),
    ("application-services", .content), ("firewall-authentication", .identity), ("source-identity", .identity),
    ("user-identification", .identity),
    // Services without a port of their own (flow reference §3.3), policies kept elsewhere, ranges of interfaces.
    ("high-availability", .host), ("rpm", .host), ("policy-set", .host), ("interface-range", .host),
]

/// Codes for what a fragment leaves to the rest of a device, and for broken text.
private func isFaultOfTheFile(_ code: String) -> Bool {
    code.hasPrefix("syntax-") || code.hasPrefix("undefined-") || code.hasPrefix("incomplete-")
        || ["no-linux-device", "any-excluded", "zone-in-two-instances", "icmp-code-without-type", "host-bits"].contains(
            code
        )
}

@Suite struct SecurityCorpusTests {
    @Test func `SRX configurations are refused only for what is to come, what is out of scope, or what they lack`()
        throws
    {
        var files = 0
        var counts: [Reason: Int] = [:]
        for (name, text) in try corpusConfigurations() where text.contains("security") {
            let result = extract(text)
            guard result.configuration.security != nil else { continue }
            files += 1
            for diagnostic in result.diagnostics where diagnostic.severity == .error {
                if isFaultOfTheFile(diagnostic.code) { continue }
                // Files in which a generator's own words stand are named in the other test.
                if diagnostic.code == "unknown-statement" { continue }
                let words = Set(
                    (diagnostic.path + " " + diagnostic.message)
                        .split { !$0.isLetter && !$0.isNumber && $0 != "-" }.map(String.init)
                )
                let reason = refusedWords.first { words.contains($0.word) }?.reason
                #expect(reason != nil, "\(name): \(diagnostic.text)")
                if let reason { counts[reason, default: 0] += 1 }
            }
        }
        print(
            "SRX configurations: \(files); refused for "
                + counts.map { "\($0.key.rawValue): \($0.value)" }.sorted().joined(separator: ", ")
        )
        #expect(files > 60)
        #expect((counts[.translation] ?? 0) > 0 && (counts[.screens] ?? 0) > 0)
    }
}
