import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import HTTPTypes
import ShopContracts
import Synchronization
import Testing

@testable import Payments

/// A provider that can be down, or not answer, as long as a test likes.
private final class MoodyProvider: WrappingProvider {
    enum Mood {
        case well
        case down
        case hanging
    }

    let provider: any PaymentProvider
    private let time: TimeSource
    private let state = Mutex((mood: Mood.well, calls: 0))

    init(_ environment: ServiceEnvironment, _ mood: Mood) {
        self.provider = SimulatedProvider(
            environment.store, wallClock: environment.wallClock, time: environment.time)
        self.time = environment.time
        self.state.withLock { $0.mood = mood }
    }

    var calls: Int { self.state.withLock(\.calls) }

    func become(_ mood: Mood) { self.state.withLock { $0.mood = mood } }

    func call(_ body: () async throws -> ProviderAnswer) async throws -> ProviderAnswer {
        let mood = self.state.withLock { state in
            state.calls += 1
            return state.mood
        }
        switch mood {
        case .well: break
        case .down: throw ProviderConnectionLost()
        case .hanging: try await self.time.sleep(for: .seconds(600))
        }
        return try await body()
    }
}

@Suite("The payment provider behind its pipeline", .timeLimit(.minutes(10)))
struct ProviderGuardTests {
    private func bench(_ mood: MoodyProvider.Mood) async throws -> (PaymentsBench, MoodyProvider) {
        let made = Mutex<MoodyProvider?>(nil)
        let bench = try await PaymentsBench { environment in
            let provider = MoodyProvider(environment, mood)
            made.withLock { $0 = provider }
            return provider
        }
        return (bench, try #require(made.withLock { $0 }))
    }

    private func payment(_ number: UInt64) -> PaymentID { PaymentID(UniqueID(high: 3, low: number)) }

    @Test func `a provider that is down is left alone, and its payments are settled when it is back`() async throws {
        let (bench, provider) = try await self.bench(.down)
        for number in 1...25 {
            #expect(try await bench.authorize(self.payment(UInt64(number))).json["status"]?.string == "UNKNOWN")
        }
        #expect(provider.calls == 20)
        let ill = try await bench.platform.call(.payments, .get, "/health")
        #expect(ill.status == 200)
        #expect(ill.json["checks"]?["provider"]?["status"]?.string == "unhealthy")
        provider.become(.well)
        bench.platform.clock.advance(by: .seconds(2))
        for number in 1...25 { #expect(try await bench.status(self.payment(UInt64(number))) == "AUTHORIZED") }
        let well = try await bench.platform.call(.payments, .get, "/health")
        #expect(well.json["checks"]?["provider"]?["status"]?.string == "healthy")
        #expect(try await bench.mismatches() == [])
    }

    @Test func `a few lost answers among good ones do not shut it`() async throws {
        let (bench, provider) = try await self.bench(.well)
        for number in 1...40 {
            let method: PaymentMethod = number.isMultiple(of: 3) ? .lost : .ok
            _ = try await bench.authorize(self.payment(UInt64(number)), method)
        }
        #expect(provider.calls == 40)
        #expect(try await bench.authorize(self.payment(41)).json["status"]?.string == "AUTHORIZED")
    }

    @Test func `a provider that hangs holds a payment for eight seconds, and its outcome is unknown`() async throws {
        let (bench, provider) = try await self.bench(.hanging)
        let answer = Task { try await bench.authorize(self.payment(1)) }
        await bench.platform.clock.waitForSleepers(1)
        bench.platform.clock.advance(by: .seconds(8))
        #expect(try await answer.value.json["status"]?.string == "UNKNOWN")
        provider.become(.well)
        #expect(try await bench.status(self.payment(1)) == "AUTHORIZED")
    }
}
