// swift-tools-version: 6.2
import PackageDescription

// The store and the disk by themselves (their folders are linked into this package), so that they build in two minutes.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "simulated-disk-benchmark",
    platforms: [.macOS(.v26)],
    dependencies: [.package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0")],
    targets: [
        library("Essentials", []),
        library("EssentialsTesting", ["Essentials"]),
        library("EventSourcing", ["Essentials"]),
        library("EventSourcingTesting", ["Essentials", "EssentialsTesting", "EventSourcing"]),
        library("Messaging", ["Essentials", "EventSourcing"]),
        library("Ledger", ["Essentials", "EventSourcing"]),
        library("Sagas", ["Essentials", "EventSourcing"]),
        library("StorageSQLite", ["Essentials", "EventSourcing", "Messaging", "Ledger", "Sagas", grdb, grdbSQLite]),
        .target(name: "CSimulatedDisk", dependencies: [grdbSQLite]),
        library("StorageSQLiteTesting", ["Essentials", "StorageSQLite", "CSimulatedDisk"]),
        .executableTarget(
            name: "simulated-disk-benchmark",
            dependencies: [
                "Essentials", "EventSourcing", "EventSourcingTesting", "StorageSQLite", "StorageSQLiteTesting",
            ],
            swiftSettings: settings),
    ])
