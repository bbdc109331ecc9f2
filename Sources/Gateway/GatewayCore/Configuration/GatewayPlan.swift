import Synchronization

/// The configuration in force, and the one way to replace it: as a whole, or not at all.
///
/// An event loop asks for ``generation`` with each request, which costs a load, and takes ``current`` when it has changed.
public final class GatewayPlan: Sendable {
    /// A configuration with its table, compiled.
    public struct Edition: Sendable {
        public var configuration: GatewayConfiguration
        public var table: RoutingTable
        /// Counts from 1.
        public var generation: Int
    }

    private let edition: Mutex<Edition>
    private let count = Atomic<Int>(1)
    /// Held by who makes the next edition, so that readers do not wait for it.
    private let writing = Mutex(())

    public convenience init(_ configuration: GatewayConfiguration) {
        self.init(configuration, configuration.table)
    }

    /// A plan of routes alone.
    public convenience init(_ table: RoutingTable) {
        var configuration = GatewayConfiguration()
        configuration.routes = table.routes
        configuration.settings = table.settings
        self.init(configuration, table)
    }

    private init(_ configuration: GatewayConfiguration, _ table: RoutingTable) {
        self.edition = Mutex(Edition(configuration: configuration, table: table, generation: 1))
    }

    public var current: Edition { self.edition.withLock { $0 } }

    /// Rises with each change.
    public var generation: Int { self.count.load(ordering: .acquiring) }

    /// Makes another configuration of the one in force and puts it into force. Groups keep their indices, so that requests
    /// under way are not led astray: new ones come behind them, and one to which no route leads any more stays.
    /// - Parameters:
    ///   - change: what it throws leaves everything as it was.
    ///   - prepare: sees the next edition before requests do.
    /// - Returns: what changed.
    @discardableResult
    public func update(
        _ change: (inout GatewayConfiguration) throws -> Void, preparing prepare: (Edition) -> Void = { _ in }
    ) rethrows -> [GatewayChange] {
        try self.writing.withLock { _ in
            let before = self.current
            var configuration = before.configuration
            try change(&configuration)
            let next = Edition(
                configuration: configuration, table: configuration.table(keeping: before.table.groups),
                generation: before.generation + 1)
            prepare(next)
            self.edition.withLock { $0 = next }
            self.count.store(next.generation, ordering: .releasing)
            return before.configuration.changes(to: configuration)
        }
    }

    /// Puts another configuration into force.
    /// - Returns: what changed.
    @discardableResult
    public func replace(_ configuration: GatewayConfiguration) -> [GatewayChange] {
        self.update { $0 = configuration }
    }

    /// Reads another configuration and puts it into force.
    /// - Returns: what changed.
    /// - Throws: ``ConfigurationRefused`` with every problem; the old one stays.
    @discardableResult
    public func replace(yaml: String, known: Set<String> = []) throws(ConfigurationRefused) -> [GatewayChange] {
        self.replace(try GatewayConfiguration(yaml: yaml, known: known))
    }
}
