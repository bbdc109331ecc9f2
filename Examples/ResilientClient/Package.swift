// swift-tools-version: 6.2
import PackageDescription

// A package that uses the library `Resilience` and nothing else. Its two folders are linked in here, so that the example builds
// without the rest; your own package names the product instead:
//   .product(name: "Resilience", package: "mainstay")
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "ResilientClient",
    targets: [
        .target(name: "Essentials", swiftSettings: settings),
        .target(name: "Resilience", dependencies: ["Essentials"], swiftSettings: settings),
        .executableTarget(
            name: "ResilientClient", dependencies: ["Essentials", "Resilience"], swiftSettings: settings),
    ])
