public import Essentials

/// Layers that do harm on purpose, in the same pipeline as those that must withstand it.
///
/// Put them innermost, so that everything outside reacts as it would to the real thing. Each asks its ``ChaosSwitch`` on
/// every call; the dice are the pipeline's ``Essentials/Chance``, so a seed repeats an experiment.
public enum Chaos {
    /// Makes the call wait before it starts.
    public struct Latency: Strategy {
        public let name: String
        public let `switch`: ChaosSwitch
        private let latency: ClosedRange<Duration>

        /// - Parameters:
        ///   - latency: how long, evenly spread. Not negative.
        ///   - name: what telemetry calls it.
        ///   - switch: when it strikes.
        public init(_ latency: ClosedRange<Duration>, named name: String, when switch: ChaosSwitch) {
            precondition(latency.lowerBound >= .zero, "a latency is not negative")
            self.latency = latency
            self.name = name
            self.switch = `switch`
        }

        /// - Throws: what `next` throws; `CancellationError` when cancelled while waiting.
        public func execute<Value: Sendable>(
            _ call: Call, next: @Sendable (Call) async throws -> Value
        ) async throws -> Value {
            if self.switch.strikes(call) {
                let span = Double((self.latency.upperBound - self.latency.lowerBound).nanoseconds)
                let extra = Duration.nanoseconds(Int64(span * call.chance.fraction()))
                try await call.time.sleep(for: self.latency.lowerBound + extra)
            }
            return try await next(call)
        }

        public var descriptor: StrategyDescriptor {
            let range = "\(self.latency.lowerBound.brief) to \(self.latency.upperBound.brief)"
            return Chaos.descriptor("ChaosLatency", self.name, self.switch, ["latency": range])
        }

        public func snapshot(at now: Tick) -> StrategySnapshot {
            Chaos.snapshot("ChaosLatency", self.name, self.switch)
        }
    }

    /// Fails the call without running it.
    public struct Fault: Strategy {
        public let name: String
        public let `switch`: ChaosSwitch
        private let fault: @Sendable (Call) -> any Error

        /// - Parameters:
        ///   - name: what telemetry calls it.
        ///   - switch: when it strikes.
        ///   - fault: the error to throw. Default: ``InjectedFault``.
        public init(
            named name: String, when switch: ChaosSwitch,
            throwing fault: @escaping @Sendable (Call) -> any Error = { InjectedFault(pipeline: $0.pipeline) }
        ) {
            self.name = name
            self.switch = `switch`
            self.fault = fault
        }

        /// - Throws: the fault; what `next` throws.
        public func execute<Value: Sendable>(
            _ call: Call, next: @Sendable (Call) async throws -> Value
        ) async throws -> Value {
            if self.switch.strikes(call) { throw self.fault(call) }
            return try await next(call)
        }

        public var descriptor: StrategyDescriptor { Chaos.descriptor("ChaosFault", self.name, self.switch) }

        public func snapshot(at now: Tick) -> StrategySnapshot {
            Chaos.snapshot("ChaosFault", self.name, self.switch)
        }
    }

    /// Gives another answer in place of the call's, without running it. Calls of other types pass.
    public struct Outcome<Answer: Sendable>: Strategy {
        public let name: String
        public let `switch`: ChaosSwitch
        private let outcome: @Sendable (Call) throws -> Answer

        /// - Parameters:
        ///   - name: what telemetry calls it.
        ///   - switch: when it strikes.
        ///   - outcome: the answer to give, or the error to throw.
        public init(
            named name: String, when switch: ChaosSwitch, answering outcome: @escaping @Sendable (Call) throws -> Answer
        ) {
            self.name = name
            self.switch = `switch`
            self.outcome = outcome
        }

        /// - Throws: what the injected outcome throws; what `next` throws.
        public func execute<Value: Sendable>(
            _ call: Call, next: @Sendable (Call) async throws -> Value
        ) async throws -> Value {
            guard Value.self == Answer.self, self.switch.strikes(call), let answer = try self.outcome(call) as? Value
            else { return try await next(call) }
            return answer
        }

        public var descriptor: StrategyDescriptor {
            Chaos.descriptor("ChaosOutcome", self.name, self.switch, ["answer": "\(Answer.self)"])
        }

        public func snapshot(at now: Tick) -> StrategySnapshot {
            Chaos.snapshot("ChaosOutcome", self.name, self.switch)
        }
    }

    /// Does something before the call starts: drops a cache, kills a connection, fills a disk.
    public struct Behaviour: Strategy {
        public let name: String
        public let `switch`: ChaosSwitch
        private let behaviour: @Sendable (Call) async throws -> Void

        /// - Parameters:
        ///   - name: what telemetry calls it.
        ///   - switch: when it strikes.
        ///   - behaviour: what to do. What it throws, the call throws.
        public init(
            named name: String, when switch: ChaosSwitch,
            doing behaviour: @escaping @Sendable (Call) async throws -> Void
        ) {
            self.name = name
            self.switch = `switch`
            self.behaviour = behaviour
        }

        /// - Throws: what the behaviour throws; what `next` throws.
        public func execute<Value: Sendable>(
            _ call: Call, next: @Sendable (Call) async throws -> Value
        ) async throws -> Value {
            if self.switch.strikes(call) { try await self.behaviour(call) }
            return try await next(call)
        }

        public var descriptor: StrategyDescriptor { Chaos.descriptor("ChaosBehaviour", self.name, self.switch) }

        public func snapshot(at now: Tick) -> StrategySnapshot {
            Chaos.snapshot("ChaosBehaviour", self.name, self.switch)
        }
    }

    /// The error of ``Fault`` when no other is named.
    public struct InjectedFault: Error, Hashable, Sendable, CustomStringConvertible {
        /// The pipeline that it was injected into.
        public var pipeline: String

        public init(pipeline: String) {
            self.pipeline = pipeline
        }

        public var description: String { "a fault was injected into '\(self.pipeline)' on purpose" }
    }

    fileprivate static func descriptor(
        _ kind: String, _ name: String, _ switch: ChaosSwitch, _ settings: KeyValuePairs<String, String> = [:]
    ) -> StrategyDescriptor {
        let setting = `switch`.setting
        var descriptor = StrategyDescriptor(kind: kind, name: name, settings: settings)
        let rate = StrategyDescriptor(
            kind: kind, name: name,
            settings: ["injectionRate": "\(setting.injectionRate)", "isEnabled": "\(setting.isEnabled)"])
        descriptor.settings += rate.settings
        return descriptor
    }

    fileprivate static func snapshot(_ kind: String, _ name: String, _ switch: ChaosSwitch) -> StrategySnapshot {
        let snapshot = `switch`.snapshot
        return StrategySnapshot(
            kind: kind, name: name, state: `switch`.setting.isEnabled ? "ON" : "OFF",
            figures: ["calls": snapshot.calls, "injected": snapshot.injected])
    }
}
