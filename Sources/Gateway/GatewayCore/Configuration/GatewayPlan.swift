import Synchronization

/// The configuration in force, and the one way to replace it: as a whole, or not at all.
///
/// An event loop asks for ``generation`` once per round, which costs a load, and takes ``current`` when it has changed.
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

    public init(_ configuration: GatewayConfiguration) {
        self.edition = Mutex(Edition(configuration: configuration, table: configuration.table, generation: 1))
    }

    public var current: Edition { self.edition.withLock { $0 } }

    /// Rises with each change.
    public var generation: Int { self.count.load(ordering: .acquiring) }

    /// Puts another configuration into force.
    /// - Returns: what changed.
    @discardableResult
    public func replace(_ configuration: GatewayConfiguration) -> [GatewayChange] {
        // Compiled outside of the lock.
        let table = configuration.table
        return self.edition.withLock { edition in
            let changes = edition.configuration.changes(to: configuration)
            edition = Edition(configuration: configuration, table: table, generation: edition.generation + 1)
            self.count.store(edition.generation, ordering: .releasing)
            return changes
        }
    }

    /// Reads another configuration and puts it into force.
    /// - Returns: what changed.
    /// - Throws: ``ConfigurationRefused`` with every problem; the old one stays.
    @discardableResult
    public func replace(yaml: String, known: Set<String> = []) throws(ConfigurationRefused) -> [GatewayChange] {
        self.replace(try GatewayConfiguration(yaml: yaml, known: known))
    }
}
