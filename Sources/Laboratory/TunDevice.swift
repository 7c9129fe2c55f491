// SPDX-License-Identifier: Apache-2.0
// A layer-3 device of which this process is the other end: what is written arrives on it, what leaves by it is read.
import CNetfilterShims
import Glibc
import NetworkTypes

/// A TUN device of the calling thread's network namespace; it goes with this object.
final class TunDevice {
    /// The kernel's name for it.
    let name: String
    /// Its number in the namespace.
    let index: UInt32
    /// The descriptor, for `poll`; it stays the device's.
    let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 4 + 65_575)

    /// Makes a device; needs CAP_NET_ADMIN in the namespace.
    init(name: String) throws {
        let operation = "make the TUN device \(name)"
        guard (1...15).contains(name.utf8.count), !name.utf8.contains(0x2f), name != ".", name != ".." else {
            throw LaboratoryError(.invalid, "\(operation): no device can have that name")
        }
        descriptor = unsafe open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw LaboratoryError("\(operation): open /dev/net/tun") }
        guard unsafe CNetfilterShims_nameTun(descriptor, name) == 0 else {
            let failure = LaboratoryError(operation)
            close(descriptor)
            throw failure
        }
        self.name = name
        index = unsafe if_nametoindex(name)
    }

    deinit { close(descriptor) }

    /// Lets a packet arrive on the device.
    ///
    /// The kernel has dealt with it when this returns (kernel facts §10). Octets that the device itself does not take are lost in silence, as on a wire.
    func write(_ packet: Packet) throws {
        // struct tun_pi: flags, then the EtherType, so that a packet with a wrong version can be sent as well.
        let header: [UInt8] = packet.family == .inet ? [0, 0, 0x08, 0x00] : [0, 0, 0x86, 0xdd]
        let bytes = header + packet.bytes
        while true {
            let written = unsafe Glibc.write(descriptor, bytes, bytes.count)
            if written == bytes.count || Glibc.errno == EINVAL { return }
            guard Glibc.errno == EINTR else { throw LaboratoryError("write a packet to \(name)") }
        }
    }

    /// The next packet that left by the device; nil if none waits.
    func read() throws -> Packet? {
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if Glibc.errno == EAGAIN { return nil }
                if Glibc.errno == EINTR { continue }
                throw LaboratoryError("read a packet from \(name)")
            }
            guard count >= 4 else { continue }
            switch (buffer[2], buffer[3]) {
            case (0x08, 0x00): return Packet(family: .inet, bytes: Array(buffer[4..<count]))
            case (0x86, 0xdd): return Packet(family: .inet6, bytes: Array(buffer[4..<count]))
            default: continue
            }
        }
    }
}
