// swift-tools-version: 6.2
import PackageDescription

/// Settings that every target of ours is built with. `Tests/TidyTests` checks what the compiler cannot.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

// Libraries of others, by the name used below. Reasons: Docs/Dependencies.md.
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

func library(_ name: String, in floor: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(floor)/\(name)", swiftSettings: strict)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = [],
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, resources: resources,
        swiftSettings: strict)
}

// The floors of the house, lowest first. A target may only name targets on floors below it.
let kit: [Target] = [
    library("Essentials", in: "Kit"),
    library("EssentialsTesting", in: "Kit", ["Essentials"]),
    library("Resilience", in: "Kit", ["Essentials"]),
    library("FeatureFlags", in: "Kit", ["Essentials", "Resilience"]),
    library("LoadBalancing", in: "Kit", ["Essentials", "Resilience"]),
    library("Caching", in: "Kit", ["Essentials"]),
    library("Telemetry", in: "Kit", ["Essentials", coreMetrics, logging, tracing]),
    library("Objectives", in: "Kit", ["Essentials"]),
    library("EventSourcing", in: "Kit", ["Essentials"]),
    library("EventSourcingTesting", in: "Kit", ["Essentials", "EssentialsTesting", "EventSourcing"]),
    library("Messaging", in: "Kit", ["Essentials", "EventSourcing"]),
    library("MessagingTesting", in: "Kit", ["Essentials", "EssentialsTesting", "EventSourcing", "Messaging"]),
    library("Ledger", in: "Kit", ["Essentials", "EventSourcing"]),
    library("LedgerTesting", in: "Kit", ["Essentials", "EssentialsTesting", "EventSourcing", "Ledger"]),
    library("Sagas", in: "Kit", ["Essentials", "EventSourcing"]),
    library("SagasTesting", in: "Kit", ["Essentials", "EssentialsTesting", "EventSourcing", "Sagas"]),
    .target(name: "CSimulation", path: "Sources/Kit/CSimulation"),
    library("Simulation", in: "Kit", ["Essentials", "CSimulation"]),
    library("Identity", in: "Kit", ["Essentials", "CArgon2", "CCrypt", crypto, cryptoExtras]),
]

let backends: [Target] = [
    .target(name: "CShims", path: "Sources/Backends/CShims"),
    .systemLibrary(
        name: "CArgon2", path: "Sources/Backends/CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
    .systemLibrary(
        name: "CNGHTTP2", path: "Sources/Backends/CNGHTTP2", pkgConfig: "libnghttp2",
        providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(
        name: "CZLIB", path: "Sources/Backends/CZLIB", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
        name: "CTLS", path: "Sources/Backends/CTLS",
        linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .systemLibrary(name: "CCrypt", path: "Sources/Backends/CCrypt", providers: [.apt(["libcrypt-dev"])]),
    library(
        "StorageSQLite", in: "Backends",
        ["Essentials", "EventSourcing", "Messaging", "Ledger", "Sagas", grdb, grdbSQLite]),
    .target(name: "CSimulatedDisk", dependencies: [grdbSQLite], path: "Sources/Backends/CSimulatedDisk"),
    library("StorageSQLiteTesting", in: "Backends", ["Essentials", "StorageSQLite", "CSimulatedDisk"]),
    .systemLibrary(
        name: "CPostgreSQL", path: "Sources/Backends/CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    library(
        "StoragePostgreSQL", in: "Backends",
        [
            "Essentials", "EventSourcing", "Messaging", "Ledger", "Sagas",
            .target(name: "CPostgreSQL", condition: .when(traits: ["PostgreSQL"])),
        ]),
]

let http: [Target] = [
    library("HTTPWire", in: "HTTP"),
    library("HTTPWireTesting", in: "HTTP", ["HTTPWire"]),
    library("TLS", in: "HTTP", ["Essentials", "HTTPWire", "CTLS"]),
    library("HTTP2", in: "HTTP", ["HTTPWire", "CNGHTTP2"]),
    library("Compression", in: "HTTP", ["HTTPWire", "CZLIB"]),
    library("HTTPTransport", in: "HTTP", ["Essentials", "HTTPWire", "HTTP2", "TLS", "Compression", "CShims"]),
    library("HTTPCaching", in: "HTTP", ["Essentials", "HTTPWire"]),
    library("EdgeCaching", in: "HTTP", ["Essentials", "Caching", "HTTPWire", "HTTPTransport", "HTTPCaching"]),
]

let chassis: [Target] = [
    library(
        "Chassis", in: "Chassis",
        [
            "Essentials", "EventSourcing", "Messaging", "Ledger", "Sagas", "Identity", "Resilience", "Telemetry",
            crypto, httpTypes, logging, metrics, tracing,
        ]),
    library(
        "ChassisHTTP", in: "Chassis",
        [
            "Essentials", "Chassis", hummingbird, asyncHTTPClient, httpTypes, lifecycle, logging, nioCore, nioPosix,
            nioHTTP1,
        ]),
    library(
        "ChassisTesting", in: "Chassis",
        [
            "Essentials", "EssentialsTesting", "EventSourcing", "Messaging", "Ledger", "Sagas", "Identity",
            "StorageSQLite", "Chassis", httpTypes, logging,
        ]),
]

let gateway: [Target] = [
    library(
        "GatewayCore", in: "Gateway",
        ["Essentials", "Resilience", "LoadBalancing", "Identity", "HTTPWire", httpTypes, yams]),
    library(
        "Gateway", in: "Gateway",
        [
            "Essentials", "GatewayCore", "Chassis", "Identity", "Resilience", "Telemetry", "HTTPWire", "HTTPTransport",
            "Compression", "TLS", httpTypes, logging,
        ]),
]

let service: [Target.Dependency] = [
    "Essentials", "EventSourcing", "Messaging", "Chassis", "ShopContracts", httpTypes, logging,
]
let shop: [Target] = [
    library("ShopContracts", in: "Shop", ["Essentials", "EventSourcing", "Identity", "Chassis"]),
    library("Users", in: "Shop", service + ["Identity", "Resilience", crypto]),
    library("Catalog", in: "Shop", service + ["FeatureFlags"]),
    library("Inventory", in: "Shop", service + ["Ledger"]),
    library("Payments", in: "Shop", service + ["Ledger", "Resilience"]),
    library("Orders", in: "Shop", service + ["Identity", "Resilience", "Sagas"]),
    library("Transfers", in: "Shop", service + ["Sagas"]),
    library("Shipping", in: "Shop", service + ["Identity"]),
    library("Notifications", in: "Shop", service + ["Identity"]),
    library("Storefront", in: "Shop", service),
]

let console: [Target] = [
    library(
        "Console", in: "Console",
        ["Essentials", "EventSourcing", "Identity", "Telemetry", "Objectives", "Chassis", httpTypes, logging])
]

let services: [Target.Dependency] = [
    "Users", "Catalog", "Inventory", "Payments", "Orders", "Transfers", "Shipping", "Notifications",
    "Storefront",
]
let shopSimulation: [Target] = [
    library(
        "ShopSimulation", in: "Shop",
        services + [
            "Essentials", "EventSourcing", "Identity", "Ledger", "Messaging", "Sagas", "Simulation", "StorageSQLite",
            "StorageSQLiteTesting", "Chassis", "Gateway", "GatewayCore", "ShopContracts", httpTypes, logging,
        ])
]
let executable: [Target] = [
    .executableTarget(
        name: "mainstay",
        dependencies: services + [
            "Console", "ShopSimulation", "Simulation", "Telemetry", metrics, tracing,
            "Essentials", "EventSourcing", "FeatureFlags", "Messaging", "Ledger", "Sagas", "Identity", "Resilience",
            "StorageSQLite", "Chassis", "ChassisHTTP", "GatewayCore", "Gateway", "HTTPTransport", "HTTPCaching",
            "EdgeCaching", "TLS", "LoadBalancing", "ShopContracts",
            argumentParser, asyncHTTPClient, configuration, crypto, httpTypes, lifecycle, logging, nioCore, nioPosix,
            nioSSL, nioTLS, yams,
        ],
        path: "Sources/mainstay", swiftSettings: strict)
]

// The example is a package of its own; here it is compiled and tested with everything else.
let examples: [Target] = [
    .target(
        name: "Counter", dependencies: ["Essentials"], path: "Examples/SimulatedCounter/Sources/Counter",
        swiftSettings: strict)
]

let everyTest: [Target] = [
    tests("EssentialsTests", ["Essentials", "EssentialsTesting"]),
    tests("ResilienceTests", ["Essentials", "EssentialsTesting", "Resilience", "Simulation"]),
    tests("FeatureFlagsTests", ["Essentials", "EssentialsTesting", "Resilience", "FeatureFlags"]),
    tests("LoadBalancingTests", ["Essentials", "EssentialsTesting", "LoadBalancing"]),
    tests("CachingTests", ["Essentials", "EssentialsTesting", "Caching"]),
    tests("TelemetryTests", ["Essentials", "EssentialsTesting", "Telemetry", logging, metrics, tracing]),
    tests("ObjectivesTests", ["Essentials", "Objectives"]),
    tests("EventSourcingTests", ["Essentials", "EssentialsTesting", "EventSourcing", "EventSourcingTesting"]),
    tests(
        "StorageSQLiteTests",
        [
            "Essentials", "EssentialsTesting", "EventSourcing", "EventSourcingTesting", "Messaging", "Ledger", "Sagas",
            "StorageSQLite", grdb,
        ]),
    tests(
        "SimulatedDiskTests",
        [
            "Essentials", "EssentialsTesting", "EventSourcing", "EventSourcingTesting", "Messaging", "MessagingTesting",
            "Ledger", "LedgerTesting", "Sagas", "SagasTesting", "StorageSQLite", "StorageSQLiteTesting", grdb,
        ]),
    tests(
        "StoragePostgreSQLTests",
        [
            "Essentials", "EssentialsTesting", "EventSourcing", "EventSourcingTesting", "Messaging", "MessagingTesting",
            "Ledger", "LedgerTesting", "Sagas", "SagasTesting", "StoragePostgreSQL",
        ]),
    tests(
        "MessagingTests",
        ["Essentials", "EssentialsTesting", "EventSourcing", "Messaging", "MessagingTesting", "StorageSQLite"]),
    tests(
        "LedgerTests",
        ["Essentials", "EssentialsTesting", "EventSourcing", "Ledger", "LedgerTesting", "StorageSQLite"]),
    tests(
        "SagasTests",
        ["Essentials", "EssentialsTesting", "EventSourcing", "Sagas", "SagasTesting", "StorageSQLite"]),
    tests("IdentityTests", ["Essentials", "EssentialsTesting", "Identity"]),
    tests(
        "ChassisTests",
        [
            "Essentials", "EssentialsTesting", "EventSourcing", "Messaging", "Chassis", "ChassisHTTP", "ChassisTesting",
            "Identity", "Resilience", "StorageSQLite",
            httpTypes, logging,
        ]),
    tests(
        "GatewayTests",
        [
            "Essentials", "EssentialsTesting", "GatewayCore", "Gateway", "Chassis", "ChassisTesting", "Identity",
            "Resilience", "LoadBalancing", "HTTPWire", "HTTPWireTesting", "HTTPTransport", "Compression", "TLS",
            httpTypes, logging,
        ], exclude: ["Cases"]),
    tests(
        "ShopTests",
        services + [
            "Essentials", "EssentialsTesting", "EventSourcing", "FeatureFlags", "Messaging", "Ledger", "Sagas",
            "SagasTesting", "Identity", "Resilience", "Simulation", "StorageSQLite", "Chassis", "ChassisTesting",
            "Gateway",
            "GatewayCore", "ShopContracts", httpTypes, logging,
        ]),
    tests(
        "ConsoleTests",
        [
            "Essentials", "EssentialsTesting", "EventSourcing", "Identity", "Telemetry", "Chassis", "ChassisTesting",
            "Console", httpTypes, logging, metrics,
        ]),
    tests(
        "PlatformTests",
        services + [
            "Console", "Telemetry", "Essentials", "EssentialsTesting", "EventSourcing", "Messaging", "Ledger", "Sagas",
            "Identity",
            "StorageSQLite",
            "Chassis", "ChassisHTTP", "Gateway", "GatewayCore", "ShopContracts", "mainstay", httpTypes, logging,
            asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL,
        ], exclude: ["Snapshots"]),
    tests(
        "SnippetTests",
        [
            "Essentials", "EssentialsTesting", "EventSourcing", "EventSourcingTesting", "Messaging", "MessagingTesting",
            "Ledger", "LedgerTesting", "Sagas", "SagasTesting", "Resilience", "FeatureFlags", "LoadBalancing",
            "Caching", "Telemetry", "Objectives", "Identity", "StorageSQLite", "StorageSQLiteTesting",
            "StoragePostgreSQL", "Chassis", "ShopContracts", "Compression", "HTTPWire", "HTTPTransport",
            "HTTPCaching", "EdgeCaching", "HTTP2", "TLS", httpTypes, logging, metrics, tracing,
        ]),
    tests("SimulationTests", ["Essentials", "Simulation"]),
    .testTarget(
        name: "CounterTests", dependencies: ["Essentials", "Simulation", "Counter"],
        path: "Examples/SimulatedCounter/Tests/CounterTests", swiftSettings: strict),
    tests("HTTPWireTests", ["Essentials", "EssentialsTesting", "HTTPWire", "HTTPWireTesting"]),
    tests("CompressionTests", ["HTTPWire", "Compression"]),
    tests("TLSTests", ["Essentials", "EssentialsTesting", "HTTPWire", "TLS"]),
    tests("HTTP2Tests", ["Essentials", "EssentialsTesting", "HTTPWire", "HTTPWireTesting", "HTTP2", "CNGHTTP2"]),
    tests("HTTPTransportTests", ["Essentials", "HTTPWire", "HTTPWireTesting", "HTTPTransport", "TLS"]),
    tests("HTTPCachingTests", ["Essentials", "HTTPWire", "HTTPCaching"]),
    tests("EdgeCachingTests", ["Essentials", "HTTPWire", "HTTPTransport", "HTTPCaching", "EdgeCaching"]),
    tests("ShopSimulationTests", ["Essentials", "EventSourcing", "Chassis", "Sagas", "Simulation", "ShopSimulation"]),
    tests("TidyTests", []),
]

let libraries =
    (kit + http + chassis + gateway).map(\.name).filter { $0 != "CSimulation" } + [
        "StorageSQLite", "StorageSQLiteTesting", "StoragePostgreSQL",
    ]

let package = Package(
    name: "mainstay",
    platforms: [.macOS(.v26)],
    products: [.executable(name: "mainstay", targets: ["mainstay"])]
        + libraries.map { .library(name: $0, targets: [$0]) },
    traits: [
        .trait(
            name: "PostgreSQL",
            description: "Builds StoragePostgreSQL, which needs libpq, and lets the commands use it."),
        .trait(
            name: "PlantedFaults",
            description: "Builds mistakes in, to be chosen at run time, that the simulator must find. Never for use."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["Logging"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: kit + backends + http + chassis + gateway + shop + console + shopSimulation + executable + examples
        + everyTest
)
