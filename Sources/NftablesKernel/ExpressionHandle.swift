// SPDX-License-Identifier: Apache-2.0
// libnftnl's expression while it is built: one owner, freed when the message is written.
import CMnl
import CNftnl

/// An expression of libnftnl.
@safe struct ExpressionHandle: ~Copyable {
    private let pointer: OpaquePointer

    /// Makes an expression by the kernel's name for it.
    init(_ name: String) throws(EncodingFailure) {
        guard let pointer = unsafe nftnl_expr_alloc(name) else {
            throw EncodingFailure(reason: "libnftnl does not know the expression \(name)")
        }
        unsafe self.pointer = pointer
    }

    deinit { unsafe nftnl_expr_free(pointer) }

    func set(_ attribute: Int, byte: UInt8) { unsafe nftnl_expr_set_u8(pointer, UInt16(attribute), byte) }
    func set(_ attribute: Int, short: UInt16) { unsafe nftnl_expr_set_u16(pointer, UInt16(attribute), short) }
    func set(_ attribute: Int, _ number: UInt32) { unsafe nftnl_expr_set_u32(pointer, UInt16(attribute), number) }
    func set(_ attribute: Int, long: UInt64) { unsafe nftnl_expr_set_u64(pointer, UInt16(attribute), long) }

    func set(_ attribute: Int, name: String) throws(EncodingFailure) {
        try checkName(name)
        unsafe nftnl_expr_set_str(pointer, UInt16(attribute), name)
    }

    /// Sets register data; libnftnl copies it into 64 bytes without looking, so the length is checked by the caller's type.
    func set(_ attribute: Int, _ value: RegisterBytes) {
        unsafe value.bytes.withUnsafeBytes {
            _ = unsafe nftnl_expr_set(pointer, UInt16(attribute), $0.baseAddress, UInt32($0.count))
        }
    }

    /// Writes the expression into a rule's list: its name and its data.
    func write(to header: UnsafeMutablePointer<nlmsghdr>) { unsafe nftnl_expr_build_payload(header, pointer) }
}

/// Bytes for a register: 1 to 64 of them (`NFT_DATA_VALUE_MAXLEN`).
struct RegisterBytes {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) throws(EncodingFailure) {
        guard 1...64 ~= bytes.count else { throw EncodingFailure(reason: "\(bytes.count) bytes for a register") }
        self.bytes = bytes
    }
}
