// swift-tools-version: 6.2
import PackageDescription

// The libraries by themselves (their folders are linked into this package), so that it builds quickly.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "routingbench",
    targets: [
        .target(name: "Essentials", path: "Essentials", swiftSettings: settings),
        .target(name: "Resilience", dependencies: ["Essentials"], path: "Resilience", swiftSettings: settings),
        .target(
            name: "LoadBalancing", dependencies: ["Essentials", "Resilience"], path: "LoadBalancing",
            swiftSettings: settings),
        .target(name: "HTTPWire", path: "HTTPWire", swiftSettings: settings),
        .target(
            name: "Routing", dependencies: ["Essentials", "Resilience", "LoadBalancing", "HTTPWire"], path: "Routing",
            swiftSettings: settings),
        .executableTarget(
            name: "routingbench", dependencies: ["Essentials", "LoadBalancing", "HTTPWire", "Routing"],
            swiftSettings: settings),
    ])
