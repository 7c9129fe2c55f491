// SPDX-License-Identifier: Apache-2.0
// `--management IFNAME[,PREFIX]:tcp/PORT` as text.
import Foundation
import NetworkTypes
import NftablesCompiler

extension ManagementAccess {
    /// Reads the option's value.
    init?(_ text: String) {
        guard let marker = text.range(of: ":tcp/", options: .backwards),
            let port = UInt16(text[marker.upperBound...]), port > 0
        else { return nil }
        let parts = text[..<marker.lowerBound].split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        guard let device = parts.first, (1...15).contains(device.utf8.count) else { return nil }
        var source: SourcePrefix?
        if parts.count == 2 {
            guard let prefix = Prefix(String(parts[1])) else { return nil }
            source = SourcePrefix(
                isIPv6: prefix.family == .inet6,
                network: prefix.first.value,
                mask: prefix.mask
            )
        }
        self.init(device: String(device), source: source, port: port)
    }
}
