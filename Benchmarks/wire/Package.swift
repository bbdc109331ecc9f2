// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "wirebench",
    targets: [
        .target(name: "HTTPWire", path: "HTTPWire"),
        .executableTarget(name: "wirebench", dependencies: ["HTTPWire"]),
    ])
