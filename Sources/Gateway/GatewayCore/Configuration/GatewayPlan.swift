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

    /// Puts another configuration into force. Groups keep their indices, so that requests under way are not led astray; one
    /// to which no route leads any more stays without requests.
    /// - Returns: what changed.
    /// - Throws: ``ConfigurationRefused`` when it needs a group that was not there at the start.
    @discardableResult
    public func replace(_ configuration: GatewayConfiguration) throws(ConfigurationRefused) -> [GatewayChange] {
        // Compiled outside of the lock.
        let groups = self.current.table.groups
        let table = configuration.table(keeping: groups)
        guard table.groups == groups else {
            throw ConfigurationRefused(
                problems: table.groups.filter { !groups.contains($0) }.map { group in
                    ConfigurationProblem(
                        line: 1, place: "gateway.services.\(group)",
                        message: "is new: services join when the gateway starts")
                })
        }
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
        try self.replace(try GatewayConfiguration(yaml: yaml, known: known))
    }
}
