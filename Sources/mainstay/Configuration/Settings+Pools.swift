import Configuration
import Resilience

extension Settings {
    static let defaultPools = Compartments.Configuration()

    /// The pools that the operations of each service run in.
    var pools: Compartments.Configuration {
        var pools = Self.defaultPools
        for operation in OperationClass.allCases {
            let standard = Self.defaultPools[operation]
            pools[operation] = Compartments.Size(
                operations: self.pool(operation, "operations", standard.operations),
                connections: self.pool(operation, "connections", standard.connections))
        }
        return pools
    }

    private func pool(_ operation: OperationClass, _ part: String, _ standard: Int) -> Int {
        self.values.int(forKey: ConfigKey(["pools", operation.rawValue, part]), default: standard)
    }

    /// How many connections the database of a service gives out for reading.
    var databaseConnections: Int { self.values.int(forKey: "pools.connections") ?? self.pools.connections }

    /// What is wrong with the pools as a whole: they want more connections than there are.
    var problemsOfPools: [String] {
        let total = self.values.int(forKey: "pools.connections")
        return self.pools.problems(databaseConnections: total).map { "pools: \($0)" }
    }
}
