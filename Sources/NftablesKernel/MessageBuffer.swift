// SPDX-License-Identifier: Apache-2.0
// The memory in which libnftnl and libmnl build the messages of a batch; it grows, since they never look for its end.
import CMnl
import CNetfilterShims
import CNftnl
import Glibc

/// Why a value cannot be written down as a message.
struct EncodingFailure: Error, Hashable {
    /// What does not fit, in words.
    let reason: String
}

/// Messages one behind another.
@safe struct MessageBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes in finished messages.
    private(set) var count = 0

    /// No message may need more than this: 128 expressions or one full list of elements stay below it.
    static let roomForOneMessage = 1 << 18
    /// The length of an attribute is a 16-bit number.
    static let attributeLimit = 0xffff

    /// Makes an empty buffer.
    init() {
        capacity = 2 * Self.roomForOneMessage
        unsafe base = Self.room(capacity)
    }

    deinit { unsafe base.deallocate() }

    /// The finished messages.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }

    /// Appends one nftables message whose payload `body` writes; nothing is appended if it throws.
    mutating func message(
        _ type: UInt32,
        family: UInt16,
        flags: Int32,
        sequence: UInt32,
        _ body: (UnsafeMutablePointer<nlmsghdr>) throws(EncodingFailure) -> Void
    ) throws(EncodingFailure) {
        reserve()
        guard
            let header = unsafe nftnl_nlmsg_build_hdr(
                base.advanced(by: count).assumingMemoryBound(to: CChar.self),
                UInt16(type),
                family,
                UInt16(flags),
                sequence
            )
        else { throw EncodingFailure(reason: "no room for a message") }
        unsafe try body(header)
        unsafe finish(header)
    }

    /// Appends the message that begins or ends a batch.
    mutating func delimiter(_ type: Int32, sequence: UInt32, generation: UInt32?) {
        reserve()
        guard let header = unsafe mnl_nlmsg_put_header(base.advanced(by: count)) else { return }
        unsafe header.pointee.nlmsg_type = UInt16(type)
        unsafe header.pointee.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_ACK)
        unsafe header.pointee.nlmsg_seq = sequence
        if let extra = unsafe mnl_nlmsg_put_extra_header(header, MemoryLayout<nfgenmsg>.size) {
            let family = unsafe extra.assumingMemoryBound(to: nfgenmsg.self)
            unsafe family.pointee.nfgen_family = UInt8(AF_UNSPEC)
            unsafe family.pointee.version = UInt8(NFNETLINK_V0)
            unsafe family.pointee.res_id = UInt16(NFNL_SUBSYS_NFTABLES).bigEndian
        }
        if let generation {
            unsafe mnl_attr_put_u32(header, UInt16(NFNL_BATCH_GENID.rawValue), generation.bigEndian)
        }
        unsafe finish(header)
    }

    private mutating func finish(_ header: UnsafeMutablePointer<nlmsghdr>) {
        unsafe count += (Int(header.pointee.nlmsg_len) + 3) & ~3
    }

    /// Zeroed memory: libmnl leaves the padding of attributes as it finds it.
    private static func room(_ size: Int) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        return unsafe memory
    }

    private mutating func reserve() {
        guard count + Self.roomForOneMessage > capacity else { return }
        let grown = unsafe Self.room(2 * capacity)
        unsafe grown.copyMemory(from: base, byteCount: count)
        unsafe base.deallocate()
        unsafe base = grown
        capacity *= 2
    }
}

/// Writes attributes at the end of one message.
@safe struct MessageWriter {
    let header: UnsafeMutablePointer<nlmsghdr>

    /// Bytes of the message so far.
    var length: Int { unsafe Int(header.pointee.nlmsg_len) }

    /// Writes a name with its NUL.
    func name(_ type: UInt32, _ name: String) throws(EncodingFailure) {
        try checkName(name)
        unsafe mnl_attr_put_strz(header, UInt16(type), name)
    }

    func number(_ type: UInt32, _ number: UInt32) {
        unsafe mnl_attr_put_u32(header, UInt16(type), number.bigEndian)
    }

    func long(_ type: UInt32, _ number: UInt64) {
        unsafe mnl_attr_put_u64(header, UInt16(type), number.bigEndian)
    }

    func bytes(_ type: UInt32, _ bytes: [UInt8]) throws(EncodingFailure) {
        guard bytes.count <= 0x8000 else { throw EncodingFailure(reason: "\(bytes.count) bytes in one attribute") }
        unsafe bytes.withUnsafeBytes { unsafe mnl_attr_put(header, UInt16(type), $0.count, $0.baseAddress) }
    }

    /// Writes a nest; refuses one that outgrows its 16-bit length.
    func nest(_ type: UInt32, _ body: () throws(EncodingFailure) -> Void) throws(EncodingFailure) {
        let start = length
        let nest = unsafe mnl_attr_nest_start(header, UInt16(type))
        try body()
        let size = length - start
        guard size <= MessageBuffer.attributeLimit else {
            throw EncodingFailure(reason: "\(size) bytes in one list")
        }
        unsafe mnl_attr_nest_end(header, nest)
    }
}

/// Refuses names that the kernel would cut or misread.
func checkName(_ name: String) throws(EncodingFailure) {
    guard name.utf8.count <= 255 else { throw EncodingFailure(reason: "the name \(name) is longer than 255 bytes") }
    guard !name.utf8.contains(0), !name.isEmpty else { throw EncodingFailure(reason: "a name is empty or has a NUL") }
}
