import Essentials
import Simulation
import Testing

/// Nothing gets out of the simulator unseen.
@Suite(.timeLimit(.minutes(10))) struct TripwireTests {
    @MainActor private static func onTheMainActor() -> Int { 1 }

    private func escape(_ body: @escaping @Sendable (SimulatedProcess) async throws -> Void) -> SimulationFailure? {
        let report = Simulator(seed: 5).run { simulator in
            simulator.node("leaky").start { process in
                try await process.time.sleep(for: .seconds(1))
                try await body(process)
                try await process.idle()
            }
            try await simulator.time.sleep(for: .seconds(10))
        }
        return report.failure
    }

    @Test func `an unstructured task ends the run, which names who started it`() throws {
        let failure = try #require(self.escape { _ in Task { await Task.yield() } })
        #expect(failure.code == .escape)
        #expect(failure.name == "a job went to the global executor")
        #expect(failure.detail.contains("leaky/1"))
        #expect(failure.detail.contains("TripwireTests"), "\(failure.detail)")
        #expect(failure.at >= Tick(nanoseconds: 1_000_000_000))
    }

    @Test func `a detached task, too`() throws {
        let failure = try #require(self.escape { _ in Task.detached { await Task.yield() } })
        #expect(failure.code == .escape)
    }

    @Test func `and one that begins at once, when it first waits`() throws {
        let failure = try #require(
            self.escape { process in
                Task.immediate { try await process.time.sleep(for: .seconds(1)) }
            })
        #expect(failure.code == .escape)
    }

    @Test func `a sleep on a real clock`() throws {
        let failure = try #require(self.escape { _ in try await Task.sleep(for: .milliseconds(1)) })
        #expect(failure.name == "a job waits for a real clock")
        let second = try #require(self.escape { _ in try await ContinuousClock().sleep(for: .milliseconds(1)) })
        #expect(second.name == "a job waits for a real clock")
    }

    @Test func `a hop to the main actor`() throws {
        let failure = try #require(self.escape { _ in _ = await Self.onTheMainActor() })
        #expect(failure.name == "a job went to the main actor")
        #expect(failure.detail.contains("hop"), "\(failure.detail)")
    }

    @Test func `a continuation that another thread resumes`() async throws {
        let thread = DedicatedThread(name: "elsewhere")
        let failure = try #require(
            self.escape { process in
                async let foreign: Void = thread.run {}
                // The run must still be going on when the thread answers.
                for _ in 0..<20_000_000 where process.isAlive { await Task.yield() }
                try await foreign
            })
        #expect(failure.name == "a job came from another thread")
    }

    @Test func `outside of a run everything is as ever`() async {
        #expect(await Task { 1 }.value == 1)
        #expect(await Self.onTheMainActor() == 1)
    }
}
