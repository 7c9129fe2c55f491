// SPDX-License-Identifier: Apache-2.0
// Interfaces, units and what hangs on them: filters reference §5.1, DESIGN §3.21.
public import NetworkTypes

/// `interfaces IFD unit U`.
public struct LogicalInterface: Hashable, Sendable {
    /// The physical interface's name.
    public var physicalName: String
    /// The unit number.
    public var unit: Int
    /// `vlan-id`.
    public var vlanID: Int?
    /// The Linux device by `apply-macro linux { device X; }`, or by DESIGN §3.21; nil for `lo0` units.
    public var device: String?
    /// The longest packet the configuration allows, IP header included, nil where it says nothing; policers count with
    /// it (DESIGN §3.13).
    public var mtu: Int?
    /// `speed` of the physical interface in bits a second, nil where the configuration does not fix one.
    public var speed: UInt64?
    /// `apply-macro linux { offload exact; }`: merging of packets is to be turned off (DESIGN §3.23).
    public var isOffloadExact: Bool
    /// What is configured a family; a family that is not configured is absent.
    public var families: [FilterFamily: FamilyConfiguration]
    /// Where it stands.
    public var source: StatementReference

    /// Makes a logical interface.
    public init(
        physicalName: String,
        unit: Int,
        vlanID: Int? = nil,
        device: String? = nil,
        mtu: Int? = nil,
        isOffloadExact: Bool = false,
        families: [FilterFamily: FamilyConfiguration] = [:],
        source: StatementReference
    ) {
        self.physicalName = physicalName
        self.unit = unit
        self.vlanID = vlanID
        self.device = device
        self.mtu = mtu
        self.isOffloadExact = isOffloadExact
        self.families = families
        self.source = source
    }

    /// The Junos name with its unit: `ge-0/0/0.0`.
    public var name: String { "\(physicalName).\(unit)" }

    /// Whether it is a unit of `lo0`, the routing engine.
    public var isRoutingEngine: Bool { physicalName == "lo0" }
}

/// `family inet`, `inet6` or `any` of a unit.
public struct FamilyConfiguration: Hashable, Sendable {
    /// Addresses with their prefix lengths, host bits as written.
    public var addresses: [Prefix]
    /// What `filter input` or `input-list` names.
    public var input: FilterAttachment?
    /// What `filter output` or `output-list` names.
    public var output: FilterAttachment?
    /// `filter group`, 0 where not configured.
    public var group: UInt32
    /// `policer input`: what arriving packets are held to, in front of filters (filters reference §4.4).
    public var inputPolicer: PolicerAttachment?
    /// `policer output`: what leaving packets are held to, behind filters.
    public var outputPolicer: PolicerAttachment?

    /// Makes a family's configuration.
    public init(
        addresses: [Prefix] = [],
        input: FilterAttachment? = nil,
        output: FilterAttachment? = nil,
        group: UInt32 = 0
    ) {
        self.addresses = addresses
        self.input = input
        self.output = output
        self.group = group
    }
}

/// `policer input NAME` or `policer output NAME` of a family.
public struct PolicerAttachment: Hashable, Sendable {
    /// The policer's name.
    public var policer: String
    /// Where it stands.
    public var source: StatementReference

    /// Makes an attachment.
    public init(policer: String, source: StatementReference) {
        self.policer = policer
        self.source = source
    }
}

/// One filter, or a list that is evaluated as one (filters reference §5.2).
public struct FilterAttachment: Hashable, Sendable {
    /// Filter names in order; one for `input`/`output`.
    public var filters: [String]
    /// Whether it was written as a list: then it is always shown by interface.
    public var isList: Bool
    /// Where it stands.
    public var source: StatementReference

    /// Makes an attachment.
    public init(filters: [String], isList: Bool, source: StatementReference) {
        self.filters = filters
        self.isList = isList
        self.source = source
    }
}
