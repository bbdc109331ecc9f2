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
        .target(name: "CTLS", path: "CTLS", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .systemLibrary(name: "CNGHTTP2", path: "CNGHTTP2", pkgConfig: "libnghttp2"),
        .target(name: "TLS", dependencies: ["CTLS", "Essentials", "HTTPWire"], path: "TLS", swiftSettings: settings),
        .target(name: "HTTP2", dependencies: ["CNGHTTP2", "HTTPWire"], path: "HTTP2", swiftSettings: settings),
        .target(
            name: "HTTPTransport", dependencies: ["CShims", "Essentials", "HTTPWire", "TLS", "HTTP2"],
            path: "HTTPTransport", swiftSettings: settings),
        .target(name: "Caching", dependencies: ["Essentials"], path: "Caching", swiftSettings: settings),
        .target(
            name: "HTTPCaching", dependencies: ["Essentials", "HTTPWire"], path: "HTTPCaching", swiftSettings: settings),
        .target(
            name: "EdgeCaching", dependencies: ["Caching", "Essentials", "HTTPCaching", "HTTPTransport", "HTTPWire"],
            path: "EdgeCaching", swiftSettings: settings),
        .executableTarget(
            name: "edge", dependencies: ["EdgeCaching", "Essentials", "HTTPTransport"], swiftSettings: settings),
        .executableTarget(name: "proxy", dependencies: ["Essentials", "HTTPTransport", "HTTPWire", "TLS"], swiftSettings: settings),
    ])
