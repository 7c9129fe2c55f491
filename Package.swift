// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// The map of Sluice: every module, and every arrow that may exist between two of them.
import PackageDescription

/// One set of compiler settings for every target of ours.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// A library target with its allowed imports.
func room(_ name: String, _ imports: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: imports, swiftSettings: settings)
}

/// A test target; `files` are folders of data that its tests read where they lie.
func tests(_ name: String, _ imports: [Target.Dependency], files: [String] = []) -> Target {
    .testTarget(name: name, dependencies: imports + ["TestSupport"], exclude: files, swiftSettings: settings)
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "sluice",
    products: [
        .executable(name: "sluice", targets: ["sluice"]),
        .executable(name: "sluiced", targets: ["sluiced"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", .upToNextMinor(from: "0.27.1")),
    ],
    targets: [
        // C: libraries of the system, and what Swift cannot import as it is.
        .systemLibrary(name: "CMnl", path: "CModules/CMnl", pkgConfig: "libmnl", providers: [.apt(["libmnl-dev"])]),
        .systemLibrary(
            name: "CNftnl",
            path: "CModules/CNftnl",
            pkgConfig: "libnftnl",
            providers: [.apt(["libnftnl-dev"])]
        ),
        .target(
            name: "CNetfilterShims",
            path: "CModules/CNetfilterShims",
            linkerSettings: [.linkedLibrary("resolv")]
        ),

        // Row 0, pure.
        room("NetworkTypes"),
        room("Diagnostics"),
        room("MetricsExposition"),

        // Row 1, pure.
        room("JunosSyntax", ["Diagnostics"]),
        room("PolicyModel", ["NetworkTypes", "Diagnostics"]),
        room("NftablesIR", ["NetworkTypes"]),

        // Row 2, pure.
        room("JunosModel", ["JunosSyntax", "NetworkTypes", "Diagnostics"]),
        room("NftablesCompiler", ["PolicyModel", "NftablesIR", "NetworkTypes", "Diagnostics"]),
        room("ReferenceEvaluator", ["JunosModel", "NetworkTypes"]),
        room("NftablesEvaluator", ["NftablesIR", "NetworkTypes"]),
        room("Reconciler", ["NftablesIR"]),

        // Row 3, pure.
        room("JunosLowering", ["JunosModel", "PolicyModel", "NetworkTypes", "Diagnostics"]),
        room("OperationalMode", ["JunosModel", "NetworkTypes", "Diagnostics"]),
        room("Verifier", ["JunosModel", "ReferenceEvaluator", "NftablesIR", "NftablesEvaluator", "NetworkTypes"]),

        // Row 3, effects.
        room("Netlink", ["CMnl", "CNetfilterShims"]),
        room("NftablesKernel", ["Netlink", "NftablesIR", "NetworkTypes", "CMnl", "CNftnl", "CNetfilterShims"]),
        room("Conntrack", ["Netlink", "NetworkTypes", "CNetfilterShims"]),
        room("PolicyRouting", ["Netlink", "NetworkTypes", "CNetfilterShims"]),
        room("PacketLog", ["Netlink", "CNetfilterShims"]),
        room("NameResolution", ["NetworkTypes", "CNetfilterShims"]),
        room(
            "Laboratory",
            ["Netlink", "Conntrack", "PacketLog", "NftablesKernel", "NftablesIR", "NetworkTypes", "CNetfilterShims"]
        ),

        // Row 4, effects.
        room(
            "Engine",
            [
                "JunosSyntax", "JunosModel", "JunosLowering", "PolicyModel", "NftablesCompiler", "NftablesIR",
                "ReferenceEvaluator", "Reconciler", "Verifier", "OperationalMode", "NftablesKernel", "Netlink",
                "Conntrack", "PacketLog", "PolicyRouting", "NameResolution", "Laboratory", "NetworkTypes",
                "Diagnostics", "CNetfilterShims",
            ]
        ),
        room(
            "CommandLine",
            [
                "Engine", "OperationalMode", "ReferenceEvaluator", "Verifier", "JunosSyntax", "JunosModel",
                "NftablesIR", "NetworkTypes", "Diagnostics", "CNetfilterShims", argumentParser,
                .product(name: "FlyingFox", package: "FlyingFox"),
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ]
        ),
        room(
            "Daemon",
            [
                "Engine", "OperationalMode", "MetricsExposition", "PacketLog", "JunosModel", "JunosLowering",
                "NftablesCompiler", "NftablesIR", "NameResolution", "Conntrack", "Netlink", "NetworkTypes",
                "Diagnostics", argumentParser,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "FlyingFox", package: "FlyingFox"),
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ]
        ),
        .executableTarget(name: "sluice", dependencies: ["CommandLine"], swiftSettings: settings),
        .executableTarget(name: "sluiced", dependencies: ["Daemon"], swiftSettings: settings),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["NetworkTypes", "Diagnostics"],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        tests("NetworkTypesTests", ["NetworkTypes"]),
        tests("JunosSyntaxTests", ["JunosSyntax", "Diagnostics"]),
        tests("JunosModelTests", ["JunosModel", "JunosSyntax", "Diagnostics", "NetworkTypes"]),
        tests("ArchitectureTests", []),
        tests(
            "ReferenceEvaluatorTests",
            ["Diagnostics", "ReferenceEvaluator", "JunosModel", "JunosSyntax", "NetworkTypes"]
        ),
        tests("NftablesEvaluatorTests", ["NftablesEvaluator", "NftablesIR", "NetworkTypes"]),
        tests("ReconcilerTests", ["Reconciler", "NftablesEvaluator", "NftablesIR"]),
        tests(
            "NftablesCompilerTests",
            [
                "NftablesCompiler", "JunosLowering", "PolicyModel", "NftablesIR", "JunosModel", "JunosSyntax",
                "NetworkTypes", "Diagnostics", "NftablesEvaluator", "ReferenceEvaluator", "Verifier",
            ]
        ),
        tests(
            "VerifierTests",
            [
                "Verifier", "JunosModel", "JunosSyntax", "ReferenceEvaluator", "NftablesIR", "NftablesEvaluator",
                "NftablesCompiler", "JunosLowering", "NetworkTypes", "Diagnostics",
            ],
            files: ["Configurations"]
        ),
        tests("MetricsExpositionTests", ["MetricsExposition"]),
        tests("OperationalModeTests", ["OperationalMode", "JunosModel", "JunosSyntax", "NetworkTypes", "Diagnostics"]),
        tests(
            "KernelTests",
            [
                "NftablesKernel", "Netlink", "Conntrack", "NameResolution", "PacketLog", "NftablesIR", "NetworkTypes",
                "Laboratory", "Reconciler", "Engine", "OperationalMode",
                "JunosSyntax", "JunosModel", "JunosLowering", "ReferenceEvaluator", "Verifier", "Diagnostics",
                "CNetfilterShims",
            ]
        ),
    ]
)
