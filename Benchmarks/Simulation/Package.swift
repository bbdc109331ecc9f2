// swift-tools-version: 6.2
import PackageDescription

// The simulator by itself (its folders are linked into this package), so that it builds in seconds.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "simulation-benchmark",
    platforms: [.macOS(.v26)],
    targets: [
        .target(name: "Essentials", swiftSettings: settings),
        .target(name: "CSimulation"),
        .target(name: "Simulation", dependencies: ["Essentials", "CSimulation"], swiftSettings: settings),
        .executableTarget(
            name: "simulation-benchmark", dependencies: ["Essentials", "Simulation"], swiftSettings: settings),
    ]
)
