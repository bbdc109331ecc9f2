// swift-tools-version: 6.2
import PackageDescription

// The library by itself (its folders are linked into this package), so that it builds in half a minute.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "caching-benchmark",
    targets: [
        .target(name: "Essentials", swiftSettings: settings),
        .target(name: "Caching", dependencies: ["Essentials"], swiftSettings: settings),
        .executableTarget(name: "caching-benchmark", dependencies: ["Essentials", "Caching"], swiftSettings: settings),
    ])
