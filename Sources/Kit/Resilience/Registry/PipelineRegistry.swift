import Synchronization

/// The pipelines of a process by their names: one place where an operator sees and steers them.
///
/// ```swift
/// let pipelines = PipelineRegistry()
/// let payments = pipelines.register(.standard(named: "payments"))
/// …
/// try pipelines.update("payments") { $0.bulkhead?.maximumConcurrency = 40 }
/// ```
public final class PipelineRegistry: Sendable {
    /// There is no pipeline of that name.
    public struct UnknownPipeline: Error, Hashable, Sendable, CustomStringConvertible {
        public var name: String
        /// The names that there are, in order.
        public var known: [String]

        public var description: String {
            "there is no pipeline '\(self.name)'; there are: \(self.known.joined(separator: ", "))"
        }
    }

    private let named = Mutex<[String: Pipeline]>([:])

    public init() {}

    /// Enters a pipeline under its name, which must be new.
    @discardableResult
    public func register(_ pipeline: Pipeline) -> Pipeline {
        self.named.withLock { pipelines in
            precondition(pipelines[pipeline.name] == nil, "there is a pipeline '\(pipeline.name)' already")
            pipelines[pipeline.name] = pipeline
        }
        return pipeline
    }

    /// Enters a pipeline in the place of one of its name, if there is one: for what is built again.
    public func replace(_ pipeline: Pipeline) {
        self.named.withLock { $0[pipeline.name] = pipeline }
    }

    /// Enters a pipeline under `name`, or under `name#2`, `name#3`, … when there is one already: for callers of one
    /// dependency that do not know of each other.
    /// - Parameter make: is given the name.
    public func register(as name: String, _ make: (String) -> Pipeline) -> Pipeline {
        self.named.withLock { pipelines in
            var free = name
            var number = 1
            while pipelines[free] != nil {
                number += 1
                free = "\(name)#\(number)"
            }
            let pipeline = make(free)
            pipelines[free] = pipeline
            return pipeline
        }
    }

    /// The names, in order.
    public var names: [String] { self.named.withLock { $0.keys.sorted() } }

    /// - Throws: ``UnknownPipeline``.
    public func pipeline(_ name: String) throws(UnknownPipeline) -> Pipeline {
        guard let pipeline = self.named.withLock({ $0[name] }) else {
            throw UnknownPipeline(name: name, known: self.names)
        }
        return pipeline
    }

    /// Changes settings of a pipeline while calls run through it; see ``Pipeline/reconfigure(_:)``.
    /// - Throws: ``UnknownPipeline``, ``InvalidConfiguration``; nothing has changed then.
    public func update(_ name: String, _ change: (inout Pipeline.Configuration) -> Void) throws {
        let pipeline = try self.pipeline(name)
        var configuration = pipeline.configuration
        change(&configuration)
        try pipeline.reconfigure(configuration)
    }

    /// What all layers of all pipelines hold now, by name.
    public func snapshot() -> [PipelineSnapshot] { self.pipelines.map { $0.snapshot() } }

    /// What all pipelines are made of, by name.
    public func descriptors() -> [PipelineDescriptor] { self.pipelines.map(\.descriptor) }

    /// All of them, by name.
    public var pipelines: [Pipeline] {
        self.named.withLock { pipelines in pipelines.values.sorted { $0.name < $1.name } }
    }
}
