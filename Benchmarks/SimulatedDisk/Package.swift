// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "SimulatedDiskBenchmark",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "mainstay", path: "../..")],
    targets: [
        .executableTarget(
            name: "SimulatedDiskBenchmark",
            dependencies: [
                .product(name: "Essentials", package: "mainstay"),
                .product(name: "EventSourcing", package: "mainstay"),
                .product(name: "EventSourcingTesting", package: "mainstay"),
                .product(name: "StorageSQLite", package: "mainstay"),
                .product(name: "StorageSQLiteTesting", package: "mainstay"),
            ],
            path: "Sources")
    ]
)
