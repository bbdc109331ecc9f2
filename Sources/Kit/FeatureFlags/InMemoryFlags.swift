import Synchronization

/// Flags that a program holds itself and may change while it runs.
public final class InMemoryFlags: FlagProvider {
    private let flags: Mutex<[String: FlagDefinition]>

    /// - Parameter flags: by their keys; must have no problems.
    public init(_ flags: [String: FlagDefinition] = [:]) {
        for (flag, definition) in flags { Self.check(flag, definition) }
        self.flags = Mutex(flags)
    }

    private static func check(_ flag: String, _ definition: FlagDefinition) {
        let problems = definition.problems()
        precondition(problems.isEmpty, "flag '\(flag)': \(problems.joined(separator: "; "))")
    }

    public func resolve(_ flag: String, in context: FlagContext) throws(FlagError) -> FlagResolution {
        guard let definition = self.flags.withLock({ $0[flag] }) else { throw .flagNotFound }
        return try definition.resolve(flag, in: context)
    }

    /// The definition of a flag; nil takes it away.
    public subscript(flag: String) -> FlagDefinition? {
        get { self.flags.withLock { $0[flag] } }
        set {
            if let newValue { Self.check(flag, newValue) }
            self.flags.withLock { $0[flag] = newValue }
        }
    }

    /// The keys of all flags, sorted.
    public var keys: [String] { self.flags.withLock { $0.keys.sorted() } }
}
