// SPDX-License-Identifier: Apache-2.0
// What is written to the kernel is what is read from it: every expression, every kind of set, every object.
import Netlink
import NftablesIR
import NftablesKernel
import Testing

/// Compares part by part, so that a failure names the part.
func expectEqual(_ read: Table?, _ written: Table, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let read = try #require(read, sourceLocation: sourceLocation)
    #expect(read.chains.keys.sorted() == written.chains.keys.sorted(), sourceLocation: sourceLocation)
    for (name, chain) in written.chains {
        #expect(read.chains[name] == chain, sourceLocation: sourceLocation)
        #expect(
            read.chains[name]?.rules.map(\.comment) == chain.rules.map(\.comment),
            sourceLocation: sourceLocation
        )
    }
    for (name, set) in written.sets { #expect(read.sets[name] == set, sourceLocation: sourceLocation) }
    for (key, object) in written.objects { #expect(read.objects[key] == object, sourceLocation: sourceLocation) }
    #expect(read == written, sourceLocation: sourceLocation)
}

@Suite struct CodecRoundTripTests {
    @Test func `every expression, set and object reads back as written`() throws {
        let written = tableOfCases()
        let read = try inNewNetworkNamespace { () throws -> TableReading? in
            var connection = try NftablesConnection()
            try connection.send(Batch(creating: written))
            return try connection.read(.inet, "codec")
        }
        #expect(read?.unknowns == [])
        try expectEqual(read?.table, written)
    }

    @Test func `nft shows every rule in its own words`() throws {
        let written = tableOfCases()
        let listing = try inNewNetworkNamespace { () throws -> String in
            var connection = try NftablesConnection()
            try connection.send(Batch(creating: written))
            return try nft("list", "ruleset")
        }
        let lines = listing.split(separator: "\n")
        for item in ruleCases {
            // The empty rule has only its comment; an unknown one would be shown as such.
            let line = lines.first { $0.contains("comment \"\(item.name)\"") }
            #expect(line?.contains(item.shown.isEmpty ? "comment" : item.shown) == true, "\(item.name): \(line ?? "")")
        }
        for piece in [
            "10.0.0.0/8", "11.0.0.0", "192.168.0.3-192.168.1.200", "224.0.0.0/3", "\"eth*\"",
            "10.0.0.1 : 0x00000007", "* : 0x00000009", "10.0.0.1 : goto side", "\"eth1\" . 0x00000005 : goto side",
            "10.0.0.0/8 . 0-65535 : accept", "fd00::/8 : goto side", "80-90 : 0x00000001",
        ] {
            #expect(listing.contains(piece), "\(piece) in \(listing)")
        }
    }
}
