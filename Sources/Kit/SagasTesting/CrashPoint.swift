public import EventSourcing
import Synchronization

/// Thrown at the chosen crash point, and by everything that is reached after it: the process is dead.
public struct SimulatedCrash: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where it died.
    public var point: String

    public var description: String { "simulated crash \(self.point)" }
}

/// Lets one life of an engine end at a chosen place: before or after the n-th write or effect.
///
/// Give an engine a transactor that ``guarding(_:)`` made, and let participants run their effects in
/// ``effect(_:_:)``. ``CrashMatrix`` tries every place.
public final class CrashPoint: Sendable {
    private struct State {
        var passed: [String] = []
        var crash: SimulatedCrash?
    }

    /// Which point to die at, from 0; nil lives.
    public let target: Int?
    private let state = Mutex(State())

    public init(at target: Int? = nil) {
        self.target = target
    }

    /// The points that have been reached, the last one being the one it died at.
    public var passed: [String] { self.state.withLock(\.passed) }

    /// Where it died, if it did.
    public var crash: SimulatedCrash? { self.state.withLock(\.crash) }

    /// A place at which the process may die.
    /// - Throws: ``SimulatedCrash`` when it does, or has.
    public func reach(_ name: String) throws {
        try self.state.withLock { state in
            if let crash = state.crash { throw crash }
            state.passed.append(name)
            if state.passed.count - 1 == self.target {
                let crash = SimulatedCrash(point: name)
                state.crash = crash
                throw crash
            }
        }
    }

    /// An effect on somebody else: the process may die before it is made and before its answer arrives.
    public func effect<Value>(_ name: String, _ body: () throws -> Value) throws -> Value {
        try self.reach("before \(name)")
        let value = try body()
        try self.reach("after \(name)")
        return value
    }

    /// The same database, for a process that may die before a write begins and after it has committed.
    public func guarding<Unit>(_ transactor: Transactor<Unit>) -> Transactor<Unit> {
        Transactor(commits: transactor.commits) { mode, body in
            switch mode {
            case .read:
                if let crash = self.crash { throw crash }
                return try await transactor.read(body)
            case .write:
                try self.reach("before a write")
                let value = try await transactor.write(body)
                try self.reach("after a write")
                return value
            }
        }
    }
}

/// Kills a process at every place there is, one run a place, starts it again, and looks whether all is well.
public enum CrashMatrix {
    /// - Parameters:
    ///   - world: makes a new, empty world.
    ///   - life: one life of the process in the world: starts what is not started, then works until nothing is left.
    ///     Called again, with a point that does not kill, after it died.
    ///   - verify: checks the world at the end; is told where the process died.
    /// - Returns: how many places there were.
    @discardableResult
    public static func exhaust<World>(
        world: () async throws -> World,
        life: (World, CrashPoint) async throws -> Void,
        verify: (World, String) async throws -> Void,
    ) async throws -> Int {
        let rehearsal = CrashPoint()
        let first = try await world()
        try await life(first, rehearsal)
        try await verify(first, "nowhere")
        for target in rehearsal.passed.indices {
            let fresh = try await world()
            let crash = CrashPoint(at: target)
            do {
                try await life(fresh, crash)
            } catch {
                // Whatever error the death came out as, the process is dead.
                guard crash.crash != nil else { throw error }
            }
            try await life(fresh, CrashPoint())
            try await verify(fresh, "at \(target), \(crash.crash?.point ?? "nowhere")")
        }
        return rehearsal.passed.count
    }
}
