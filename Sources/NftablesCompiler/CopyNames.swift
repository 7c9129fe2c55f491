// SPDX-License-Identifier: Apache-2.0
// How copies of packets are addressed and named, for the compiler and for whoever takes them.
import NftablesIR
import PolicyModel

/// The NFLOG group of packets for the capture file.
public let captureGroup: UInt16 = 21325
/// The NFLOG group of packets for mirrors.
public let mirrorGroup: UInt16 = 21326

/// NFLOG with the copy: prefix `Sc:`, or `Sm:` and the mirror's name.
///
/// NFLOG and not `dup`: what an input filter mirrors and drops must be mirrored all the same, and the kernel duplicates in
/// no `inet` table and behind no drop (kernel facts §3, §12).
func copyParameters(_ copy: PacketCopy) -> LogParameters {
    switch copy.purpose {
    case .capture: LogParameters(group: captureGroup, prefix: "Sc:", snapLength: copy.length)
    case .mirror(let name): LogParameters(group: mirrorGroup, prefix: "Sm:" + name, snapLength: copy.length)
    }
}

/// The mirror that a copy is for; nil if the prefix is none of a mirror's.
public func mirrorName(inPrefix prefix: String) -> String? {
    prefix.hasPrefix("Sm:") ? String(prefix.dropFirst(3)) : nil
}
