/// The layer diagram of the house: which of our modules each module may import. Floors as in `Docs/ARCHITECTURE.md`.
///
/// A new module is a new line here. An arrow that points up, or to a neighbour that is not named, does not belong here
/// but into a lower module.
enum Layers {
    static let allowed: [String: Set<String>] = [
        // Floor 0
        "Essentials": [],
        // Floor 1
        "Resilience": ["Essentials"],
        "Caching": ["Essentials"],
        "EventSourcing": ["Essentials"],
        "Messaging": ["Essentials", "EventSourcing"],
        // Beside Resilience, whose breakers, verdicts and stable hashes they use
        "FeatureFlags": ["Essentials", "Resilience"],
        "LoadBalancing": ["Essentials", "Resilience"],
        "Telemetry": ["Essentials"],
        "Objectives": ["Essentials"],
        // Floor 2
        "Ledger": ["Essentials", "EventSourcing"],
        "Sagas": ["Essentials", "EventSourcing"],
        "Identity": ["Essentials", "CArgon2", "CCrypt"],
        // What users need to test their own services
        "EssentialsTesting": ["Essentials"],
        "EventSourcingTesting": ["Essentials", "EssentialsTesting", "EventSourcing"],
        "LedgerTesting": ["Essentials", "EssentialsTesting", "EventSourcing", "Ledger"],
        "MessagingTesting": ["Essentials", "EssentialsTesting", "EventSourcing", "Messaging"],
        "CSimulation": [],
        "Simulation": ["Essentials", "CSimulation"],
        "SagasTesting": ["Essentials", "EssentialsTesting", "EventSourcing", "Sagas"],
        // Floor 3
        "CArgon2": [],
        "CCrypt": [],
        "CSimulatedDisk": [],
        "StorageSQLite": ["Essentials", "EventSourcing", "Messaging", "Ledger", "Sagas"],
        "StorageSQLiteTesting": ["Essentials", "StorageSQLite", "CSimulatedDisk"],
        "CPostgreSQL": [],
        "StoragePostgreSQL": ["Essentials", "EventSourcing", "Messaging", "Ledger", "Sagas", "CPostgreSQL"],
        "CShims": [],
        "HTTPWire": [],
        "HTTPWireTesting": ["HTTPWire"],
        "CTLS": [],
        "CNGHTTP2": [],
        "TLS": ["Essentials", "HTTPWire", "CTLS"],
        "HTTP2": ["HTTPWire", "CNGHTTP2"],
        "CZLIB": [],
        "Compression": ["HTTPWire", "CZLIB"],
        "HTTPTransport": ["Essentials", "HTTPWire", "HTTP2", "TLS", "Compression", "CShims"],
        "HTTPCaching": ["Essentials", "HTTPWire"],
        "EdgeCaching": ["Essentials", "Caching", "HTTPWire", "HTTPTransport", "HTTPCaching"],
        // Floor 4
        "Chassis": kit,
        "ChassisTesting": kit.union(["EssentialsTesting", "EventSourcingTesting", "StorageSQLite", "Chassis"]),
        "ChassisHTTP": kit.union(["Chassis"]),
        "GatewayCore": ["Essentials", "Resilience", "LoadBalancing", "Identity", "HTTPWire"],
        "Gateway": [
            "Essentials", "Resilience", "LoadBalancing", "Identity", "Telemetry", "GatewayCore", "Chassis",
            "ChassisHTTP", "HTTPWire", "HTTPTransport", "Compression", "TLS",
        ],
        // Floor 5
        "ShopContracts": ["Essentials", "EventSourcing", "Identity", "Chassis"],
        "Users": service.union(["Resilience"]),
        "Catalog": service.union(["FeatureFlags"]),
        "Inventory": service.union(["Ledger"]),
        "Payments": service.union(["Ledger", "Resilience"]),
        "Orders": service.union(["Resilience", "Sagas"]),
        "Transfers": service.union(["Sagas"]),
        "Shipping": service,
        "Notifications": service,
        "Storefront": service,
        // Floor 6: what operators see, over the internal routes of the services alone
        "Console": ["Essentials", "EventSourcing", "Identity", "Telemetry", "Objectives", "Chassis"],
        // The whole shop in the simulator
        "ShopSimulation": kit.union([
            "Simulation", "StorageSQLite", "StorageSQLiteTesting", "Chassis", "GatewayCore", "Gateway", "ShopContracts",
            "Users", "Catalog", "Inventory", "Payments", "Orders", "Transfers", "Shipping", "Notifications",
        ]),
        // Floor 7: the composition root names everything
        "mainstay": kit.union([
            "StorageSQLite", "Chassis", "ChassisHTTP", "GatewayCore", "Gateway", "HTTPTransport", "HTTPCaching",
            "EdgeCaching", "TLS", "ShopContracts", "Users",
            "Catalog", "Inventory", "Payments", "Orders", "Transfers", "Shipping", "Notifications", "Storefront",
            "Console",
            "ShopSimulation", "Simulation",
        ]),
    ]

    private static let kit: Set<String> = [
        "Essentials", "Resilience", "FeatureFlags", "LoadBalancing", "Caching", "Telemetry", "Objectives",
        "EventSourcing", "Messaging", "Ledger", "Sagas",
        "Identity",
    ]
    private static let service: Set<String> = [
        "Essentials", "EventSourcing", "Messaging", "Identity", "Chassis", "ShopContracts",
    ]

    /// Libraries of others that only some modules may know, by the beginning of their name.
    static let homes: [(prefix: String, modules: Set<String>)] = [
        ("GRDB", ["StorageSQLite"]),
        ("NIO", ["ChassisHTTP", "Gateway", "mainstay"]),
        ("Hummingbird", ["ChassisHTTP", "mainstay"]),
        ("AsyncHTTPClient", ["ChassisHTTP", "mainstay"]),
        ("ServiceLifecycle", ["ChassisHTTP", "Gateway", "mainstay"]),
        ("CoreMetrics", ["Telemetry"]),
        ("ArgumentParser", ["mainstay"]),
        ("Configuration", ["mainstay"]),
        ("Yams", ["GatewayCore", "mainstay"]),
    ]

    /// All that the `Domain/` folder of a service may import: deciding needs nothing else.
    static let domain: Set<String> = [
        "Essentials", "EventSourcing", "ShopContracts", "Foundation", "FoundationEssentials",
    ]

    /// Every breach of the diagram in one file.
    static func findings(in file: SourceFile) -> [Finding] {
        guard let module = file.module else { return [] }
        guard let allowed = self.allowed[module] else {
            return [Finding(file, 1, "module \(module) is not in the layer table: add it to Layers.swift")]
        }
        return file.imports.compactMap { line, name in
            if file.path.hasPrefix("Sources/Shop/"), file.path.contains("/Domain/"), !self.domain.contains(name) {
                return Finding(file, line, "Domain/ imports \(name): it may know \(self.domain.sorted())")
            }
            if self.allowed[name] != nil, name != module, !allowed.contains(name) {
                return Finding(file, line, "\(module) imports \(name): it may know \(allowed.sorted())")
            }
            if let home = self.homes.first(where: { name.hasPrefix($0.prefix) }), !home.modules.contains(module) {
                return Finding(file, line, "\(module) imports \(name): it belongs to \(home.modules.sorted())")
            }
            return nil
        }
    }
}
