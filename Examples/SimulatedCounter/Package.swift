// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "simulated-counter",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "mainstay", path: "../..")],
    targets: [
        .target(name: "Counter", dependencies: [.product(name: "Essentials", package: "mainstay")]),
        .testTarget(
            name: "CounterTests",
            dependencies: [
                "Counter", .product(name: "Essentials", package: "mainstay"),
                .product(name: "Simulation", package: "mainstay"),
            ]),
    ]
)
