// SPDX-License-Identifier: Apache-2.0
// Every configuration of the corpus: extraction always ends, and what it refuses is refused for a reason we name.
import Diagnostics
import Foundation
import JunosModel
import JunosSyntax
import NetworkTypes
import TestSupport
import Testing

/// Files that hold statements no device would know: generators' own words, templates, pasted prompts, broken text.
private let filesWithUnknownStatements: [String] = [
    "batfish-junos/configs/interface-primary", "batfish-junos/configs/juniper_security",
    "aerleon-refs/juniper/JuniperTest.testEtherType.txt", "aerleon-refs/juniper/JuniperTest.testNextIpv6.txt",
    "aerleon-refs/juniper/JuniperTest.testTrafficType.txt",
    "aerleon-refs/junipersrx/JuniperSRXTest.testDscpWithByte.txt",
    "aerleon-refs/junipersrx/JuniperSRXTest.testDscpWithClass.txt",
    "aerleon-refs/junipersrx/JuniperSRXTest.testExpressPath.txt", "jvd/full/service_provider_broadband_edge__",
    "jvd/full/service_provider_low_latency_queueing__", "jvd/snips/service_provider_srv6_core_edge__",
    "srx-demo-class/srx_01-set.cfg", "srx-security-demo/security.set", "vsrx-aws/", "vsrx-square/",
]

/// Codes that mean: a device accepts this, and Sluice does not know it or knows that it cannot do it.
private let ownRefusals: Set<String> = ["unsupported-statement", "no-linux-device", "undefined-group"]

@Suite
struct ModelCorpusTests {
    @Test
    func `every configuration of the corpus is extracted, and unknown statements appear only where they are unknown`()
        throws
    {
        var counts: [String: Int] = [:]
        var files = 0
        for (name, text) in try corpusConfigurations() {
            files += 1
            let result = extract(text)
            for diagnostic in result.diagnostics {
                counts["\(diagnostic.severity.rawValue) \(diagnostic.code)", default: 0] += 1
                if ProcessInfo.processInfo.environment["SLUICE_CORPUS_DIAGNOSTICS"] != nil {
                    print("\(name): \(diagnostic.code): \(diagnostic.text)")
                }
            }
            if result.errors.contains("unknown-statement") {
                #expect(filesWithUnknownStatements.contains { name.contains($0) }, "\(name)")
            }
            // Rule sets that a generator made for devices must pass as they are, but for zones they leave to others.
            if name.hasPrefix("aerleon/") || name.hasPrefix("classbench/") {
                #expect(Set(result.errors).isSubset(of: ["undefined-zone"]), "\(name): \(Set(result.errors))")
            }
            // Whole devices: what remains is ours to build, or names the device keeps elsewhere.
            if name.contains("jvd/full/security_") || name.contains("jvd/full/data_center_") {
                #expect(Set(result.errors).isSubset(of: ownRefusals), "\(name): \(Set(result.errors))")
            }
        }
        #expect(files > 400)
        for (key, count) in counts.sorted(by: { $0.key < $1.key }) { print("\(key): \(count)") }
    }

    private struct Expectations: Decodable {
        struct Expectation: Decodable {
            let id: String
            let kind: String
            let name: String?
            let addressBook: String?
            let ip: String?
            let contains: Bool?
            let prefix: String?
            let member: Bool?
            let interface: String?
            let addresses: [String]?
            let filter: String?
            let term: String?
            let policer: String?
            let bandwidthLimit: UInt64?
            let burstSizeLimit: UInt64?
            let filterSpecific: Bool?

            enum CodingKeys: String, CodingKey {
                case id, kind, name, ip, contains, prefix, member, interface, addresses, filter, term, policer
                case addressBook = "address-book"
                case bandwidthLimit = "bandwidth-limit"
                case burstSizeLimit = "burst-size-limit"
                case filterSpecific = "filter-specific"
            }
        }
        let config: String
        let expectations: [Expectation]
    }

    @Test
    func `values that another tool's tests assert are found`() throws {
        let folder = try corpus("batfish-junos/expectations")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        var checked = 0
        for name in names where name.hasSuffix(".json") {
            let data = try Data(contentsOf: folder.appending(path: name))
            let file = try JSONDecoder().decode(Expectations.self, from: data)
            let text = try text(of: corpus("batfish-junos/\(file.config)"))
            let configuration = extract(text).configuration
            for expectation in file.expectations where check(expectation, configuration) { checked += 1 }
        }
        #expect(checked == 22)
    }

    /// Checks one expectation; false for kinds that are about packets or about NAT.
    private func check(_ expected: Expectations.Expectation, _ configuration: JunosConfiguration) -> Bool {
        let id = Comment(rawValue: expected.id)
        let name = expected.name ?? ""
        switch expected.kind {
        case "policer":
            guard case .bandwidth(let rate, let burst)? = configuration.policers[name]?.rate else {
                Issue.record("no rate: \(expected.id)")
                return true
            }
            #expect(rate == expected.bandwidthLimit, id)
            #expect(burst == expected.burstSizeLimit, id)
            #expect(configuration.policers[name]?.isFilterSpecific == expected.filterSpecific, id)
        case "filter-term-policer":
            let filter = configuration.filters[FilterName(.inet, expected.filter ?? "")]
            #expect(filter?.terms.first { $0.name == expected.term }?.then.policer == expected.policer, id)
        case "prefix-list":
            let prefixes = configuration.prefixLists[name]?.prefixes.map(\.description) ?? []
            #expect(prefixes.contains(expected.prefix ?? "") == expected.member, id)
        case "prefix-list-empty": #expect(configuration.prefixLists[name]?.prefixes == [], id)
        case "interface-address":
            let interface = configuration.interfaces.first { $0.name == expected.interface }
            #expect(interface?.families[.inet]?.addresses.map(\.description) == expected.addresses, id)
        case "interface-filter-binding":
            let interface = configuration.interfaces.first { $0.name == expected.interface }
            #expect(interface?.families[.inet]?.input?.filters == [expected.filter ?? ""], id)
        case "address-object":
            let book = configuration.security?.addressBooks.first {
                // A zone's own book is written `zone NAME` there.
                $0.name == expected.addressBook || "zone \($0.zones.first ?? "")" == expected.addressBook
            }
            guard case .prefix(let prefix)? = book?.addresses[name],
                let address = expected.ip.flatMap({ IPAddress($0) })
            else {
                Issue.record("no address: \(expected.id)")
                return true
            }
            #expect(prefix.contains(address) == expected.contains, id)
        default: return false
        }
        return true
    }
}
