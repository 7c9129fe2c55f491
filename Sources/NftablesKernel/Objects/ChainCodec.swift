// SPDX-License-Identifier: Apache-2.0
// Chains, without their rules, to messages and back.
import CMnl
import CNetfilterShims
import CNftnl
import Netlink
import NftablesIR

enum ChainCodec {
    static func write(
        _ name: String,
        base: BaseChain?,
        in batch: Batch,
        to writer: MessageWriter
    ) throws(EncodingFailure) {
        try checkName(name)
        try checkName(batch.table)
        guard let chain = unsafe nftnl_chain_alloc() else { throw EncodingFailure(reason: "out of memory") }
        defer { unsafe nftnl_chain_free(chain) }
        unsafe nftnl_chain_set_str(chain, UInt16(NFTNL_CHAIN_TABLE.rawValue), batch.table)
        unsafe nftnl_chain_set_str(chain, UInt16(NFTNL_CHAIN_NAME.rawValue), name)
        if let base {
            guard let hook = batch.family.hooks.firstIndex(of: base.hook) else {
                throw EncodingFailure(reason: "family \(batch.family.rawValue) has no hook \(base.hook.rawValue)")
            }
            let policy = base.policy == .accept ? NF_ACCEPT : NF_DROP
            unsafe nftnl_chain_set_u32(chain, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue), UInt32(hook))
            unsafe nftnl_chain_set_s32(chain, UInt16(NFTNL_CHAIN_PRIO.rawValue), base.priority)
            unsafe nftnl_chain_set_str(chain, UInt16(NFTNL_CHAIN_TYPE.rawValue), base.kind.rawValue)
            unsafe nftnl_chain_set_u32(chain, UInt16(NFTNL_CHAIN_POLICY.rawValue), UInt32(policy))
            unsafe try setDevices(base.devices, of: chain)
        }
        unsafe nftnl_chain_nlmsg_build_payload(writer.header, chain)
    }

    private static func setDevices(_ devices: [String], of chain: OpaquePointer) throws(EncodingFailure) {
        guard !devices.isEmpty else { return }
        var names: [[CChar]] = []
        for device in devices {
            guard 1...15 ~= device.utf8.count, !device.utf8.contains(0) else {
                throw EncodingFailure(reason: "\(device) is no device name")
            }
            names.append(device.utf8CString.map { $0 })
        }
        // The library copies the names; the pointers need to live for the call only.
        let flat = names.flatMap { $0 }
        unsafe flat.withUnsafeBufferPointer { characters in
            var offset = 0
            var pointers: [UnsafePointer<CChar>?] = unsafe []
            for name in names {
                unsafe pointers.append(characters.baseAddress.map { unsafe $0 + offset })
                offset += name.count
            }
            unsafe pointers.append(nil)
            unsafe pointers.withUnsafeMutableBufferPointer { list in
                _ = unsafe nftnl_chain_set_array(chain, UInt16(NFTNL_CHAIN_DEVICES.rawValue), list.baseAddress)
            }
        }
    }

    /// What a dump says about one chain.
    struct Reading {
        var table: String
        var chain: Chain
        var unknowns: [UnknownProperty]
    }

    static func read(_ fields: inout AttributeFields, family: TableFamily) -> Reading? {
        guard let table = fields.text(NFTA_CHAIN_TABLE.rawValue),
            let name = fields.text(NFTA_CHAIN_NAME.rawValue)
        else { return nil }
        var reading = Reading(table: table, chain: Chain(name: name), unknowns: [])
        let type = fields.text(NFTA_CHAIN_TYPE.rawValue)
        let policy = fields.network32(NFTA_CHAIN_POLICY.rawValue)
        let flags = fields.network32(NFTA_CHAIN_FLAGS.rawValue) ?? 0
        // Packets and bytes that met the policy are state; the comment in the user data is for people.
        fields.discard(
            NFTA_CHAIN_HANDLE.rawValue,
            NFTA_CHAIN_USE.rawValue,
            NFTA_CHAIN_PAD.rawValue,
            NFTA_CHAIN_COUNTERS.rawValue,
            NFTA_CHAIN_USERDATA.rawValue,
            NFTA_CHAIN_ID.rawValue
        )
        if let hook = fields.take(NFTA_CHAIN_HOOK.rawValue) {
            if let base = base(hook, type: type, policy: policy, family: family) {
                reading.chain.base = base
            } else {
                reading.unknowns.append(UnknownProperty("chain \(name)", "hook"))
            }
        }
        if flags & ~NFT_CHAIN_BASE.rawValue != 0 {
            reading.unknowns.append(UnknownProperty("chain \(name)", "flags \(flags)"))
        }
        if !fields.isExhausted { reading.unknowns.append(UnknownProperty("chain \(name)", leftOver: fields)) }
        return reading
    }

    private static func base(_ hook: Attribute, type: String?, policy: UInt32?, family: TableFamily) -> BaseChain? {
        guard var fields = try? hook.nested(),
            let number = fields.network32(NFTA_HOOK_HOOKNUM.rawValue), Int(number) < family.hooks.count,
            let priority = fields.network32(NFTA_HOOK_PRIORITY.rawValue),
            let kind = type.flatMap(BaseChain.Kind.init)
        else { return nil }
        var devices: [String] = []
        // One device stands in both attributes.
        let single = fields.take(NFTA_HOOK_DEV.rawValue)
        if let list = fields.take(NFTA_HOOK_DEVS.rawValue) {
            guard let items = try? list.list() else { return nil }
            for item in items {
                guard UInt32(item.type) == NFTA_DEVICE_NAME.rawValue, let name = item.text else { return nil }
                devices.append(name)
            }
        } else if let single {
            guard let name = single.text else { return nil }
            devices = [name]
        }
        let verdict = Int32(bitPattern: policy ?? UInt32(NF_ACCEPT))
        guard fields.isExhausted, verdict == NF_ACCEPT || verdict == NF_DROP else { return nil }
        return BaseChain(
            kind: kind,
            hook: family.hooks[Int(number)],
            priority: Int32(bitPattern: priority),
            policy: verdict == NF_ACCEPT ? .accept : .drop,
            devices: devices.sorted()
        )
    }
}
