public import Essentials

/// What an operation is to the business, and which pool it therefore runs in.
public enum OperationClass: String, CaseIterable, Hashable, Sendable {
    /// Placing an order, taking a payment.
    case critical
    /// Looking at products and orders.
    case standard
    /// Reports and exports: long queries that can wait.
    case analytics

    /// That of the operation that this task works for, if any: set by ``Compartments/run(_:_:_:)``.
    @TaskLocal public static var current: OperationClass?

    public var priority: CallPriority {
        switch self {
        case .critical: .critical
        case .standard: .standard
        case .analytics: .background
        }
    }
}

/// Three pools, so that what is slow in one class of operations does not take the places of another.
///
/// Each pool is a ``Bulkhead`` for its operations and one for its database connections, and a breaker around them that
/// opens when the pool is saturated: refusing at once is better than a queue that nobody outlives.
public struct Compartments: Sendable {
    /// The size of a pool.
    public struct Size: Hashable, Sendable {
        /// Operations at one time. At least 1.
        public var operations: Int
        /// Database connections at one time. At least 1.
        public var connections: Int
        /// Operations that may wait for a place. At least 0.
        public var queueLimit: Int

        /// - Parameters:
        ///   - operations: operations at one time. At least 1.
        ///   - connections: database connections at one time. At least 1.
        ///   - queueLimit: operations that may wait. At least 0. Default: ten for each place.
        public init(operations: Int, connections: Int, queueLimit: Int? = nil) {
            self.operations = operations
            self.connections = connections
            self.queueLimit = queueLimit ?? 10 * operations
        }
    }

    /// The sizes of the three pools.
    public struct Configuration: Hashable, Sendable {
        /// Default: 20 operations, 10 connections.
        public var critical = Size(operations: 20, connections: 10)
        /// Default: 50 operations, 20 connections.
        public var standard = Size(operations: 50, connections: 20)
        /// Default: 10 operations, 5 connections.
        public var analytics = Size(operations: 10, connections: 5)
        /// The connections of all pools together.
        public var connections: Int { OperationClass.allCases.reduce(0) { $0 + self[$1].connections } }

        /// How long an operation may wait for a place. More than zero. Default: 30 seconds.
        public var maximumWait: Duration = .seconds(30)

        public init() {}

        public subscript(operation: OperationClass) -> Size {
            get {
                switch operation {
                case .critical: self.critical
                case .standard: self.standard
                case .analytics: self.analytics
                }
            }
            set {
                switch operation {
                case .critical: self.critical = newValue
                case .standard: self.standard = newValue
                case .analytics: self.analytics = newValue
                }
            }
        }

        /// Every setting that is out of range, as a sentence.
        /// - Parameter databaseConnections: all that the database gives out; nil when it knows no such limit.
        public func problems(databaseConnections: Int?) -> [String] {
            let sizes = OperationClass.allCases.map { ($0.rawValue, self[$0]) }
            var problems = sizes.flatMap { name, size in
                var problems: [String] = []
                if size.operations < 1 { problems.append("\(name).operations must be at least 1") }
                if size.connections < 1 { problems.append("\(name).connections must be at least 1") }
                if size.queueLimit < 0 { problems.append("\(name).queueLimit must not be negative") }
                return problems
            }
            if self.maximumWait <= .zero { problems.append("maximumWait must be more than zero") }
            if let databaseConnections, self.connections > databaseConnections {
                let parts = sizes.map { "\($0.1.connections)" }.joined(separator: " + ")
                problems.append(
                    "the pools want \(parts) = \(self.connections) connections of a pool of \(databaseConnections)")
            }
            return problems
        }
    }

    private let operations: [OperationClass: Pipeline]
    private let connections: [OperationClass: Pipeline]

    /// - Parameters:
    ///   - name: whose pools they are: `orders`.
    ///   - configuration: their sizes.
    ///   - databaseConnections: all that the database gives out; the pools must fit into it. Default: no such limit.
    ///   - time: the clock.
    ///   - observer: hears of saturation at 80 % of a pool, and of its end.
    /// - Throws: ``InvalidConfiguration`` with every problem.
    public init(
        named name: String, _ configuration: Configuration = Configuration(), databaseConnections: Int? = nil,
        time: TimeSource = .system, observer: (any PipelineObserver)? = nil
    ) throws(InvalidConfiguration) {
        try InvalidConfiguration.check(name, configuration.problems(databaseConnections: databaseConnections))
        var operations: [OperationClass: Pipeline] = [:]
        var connections: [OperationClass: Pipeline] = [:]
        for operation in OperationClass.allCases {
            let size = configuration[operation]
            func pipeline(_ part: String, _ places: Int) -> Pipeline {
                let name = "\(name).\(operation.rawValue)\(part)"
                var bulkhead = Bulkhead.Configuration(maximumConcurrency: places, queueLimit: size.queueLimit)
                bulkhead.maximumWait = configuration.maximumWait
                return Pipeline(named: name, time: time, observer: observer) {
                    CircuitBreaker(named: name, .saturation)
                    Bulkhead(named: name, bulkhead)
                }
            }
            operations[operation] = pipeline("", size.operations)
            connections[operation] = pipeline(".connections", size.connections)
        }
        self.operations = operations
        self.connections = connections
    }

    /// Runs an operation in the pool of its class.
    /// - Parameter priority: among those of its class. Default: that of the class.
    /// - Throws: what `body` throws; ``Refusal`` when the pool has no room.
    public func run<Value: Sendable>(
        _ operation: OperationClass, _ priority: CallPriority? = nil, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await CallPriority.$current.withValue(priority ?? operation.priority) {
            try await OperationClass.$current.withValue(operation) {
                try await self.pipeline(operation).run(body)
            }
        }
    }

    /// Runs something with one of the database connections of the pool.
    /// - Parameter operation: Default: the class of the operation at hand; what belongs to none is let through.
    /// - Throws: what `body` throws; ``Refusal`` when none is free.
    public func withConnection<Value: Sendable>(
        _ operation: OperationClass? = .current, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let operation else { return try await body() }
        guard let pipeline = self.connections[operation] else { preconditionFailure("each class has a pool") }
        return try await pipeline.run(body)
    }

    /// The pool of the operations of a class.
    public func pipeline(_ operation: OperationClass) -> Pipeline {
        guard let pipeline = self.operations[operation] else { preconditionFailure("each class has a pool") }
        return pipeline
    }

    /// All pools, in the order of their classes; those of the connections last.
    public var pipelines: [Pipeline] {
        OperationClass.allCases.map { self.pipeline($0) } + OperationClass.allCases.compactMap { self.connections[$0] }
    }
}
