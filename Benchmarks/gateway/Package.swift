// swift-tools-version: 6.2
import PackageDescription

/// As the package itself: the sources say which imports are public.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "gatewaybench",
    platforms: [.macOS(.v26)],
    targets: [
        .target(name: "CShims", path: "CShims"),
        .target(name: "Essentials", path: "Essentials", swiftSettings: settings),
        .target(name: "HTTPWire", path: "HTTPWire", swiftSettings: settings),
        .target(
            name: "HTTPTransport", dependencies: ["CShims", "Essentials", "HTTPWire"], path: "HTTPTransport",
            swiftSettings: settings),
        .executableTarget(name: "proxy", dependencies: ["HTTPTransport", "HTTPWire"], swiftSettings: settings),
    ])
