import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import Payments
import Sagas
import ShopContracts
import Synchronization

@testable import Transfers

/// Payments and transfers in one process, with calls between them that a test can make fail.
struct TransfersBench {
    let platform: TestPlatform
    let payments: PaymentsService
    let faults: FaultyTransport
    private let time = ImpatientTime()
    let environment: ServiceEnvironment
    let alice: Principal
    let bob: Principal

    init() async throws {
        self.platform = try TestPlatform()
        self.alice = self.platform.person()
        self.bob = self.platform.person()
        self.payments = try PaymentsService(
            self.platform.environment(.payments, migrations: PaymentsService.migrations))
        self.platform.host(self.payments.service)
        self.faults = FaultyTransport(self.platform.transport)
        var environment = try self.platform.environment(.transfers, migrations: TransfersService.migrations)
        environment.transport = self.faults
        environment.time = self.time.source
        self.environment = environment
    }

    /// A new process over the same database.
    func start(_ store: ServiceStore? = nil) throws -> TransfersService {
        var environment = self.environment
        if let store { environment.store = store }
        let service = try TransfersService(environment)
        self.platform.host(service.service)
        return service
    }

    func account(of owner: Principal, holding amount: String? = nil, currency: String = "EUR") async throws -> AccountID
    {
        let opened = try await self.platform.call(
            .payments, .post, "/v1/accounts", as: owner, json: ["currency": .string(currency)])
        guard let account = opened.json["accountId"]?.string.flatMap({ AccountID($0) }) else {
            throw Problem(.internalError, "no account was opened")
        }
        if let amount {
            _ = try await self.platform.call(
                .payments, .post, "/v1/accounts/\(account)/deposits", as: owner, headers: self.headers,
                json: ["amount": ["amount": .string(amount), "currency": .string(currency)]])
        }
        return account
    }

    var headers: HTTPFields { [.idempotencyKey: self.platform.ids.next().description] }

    func transfer(
        _ amount: String, from source: AccountID, to target: AccountID, as owner: Principal? = nil,
        currency: String = "EUR", key: UniqueID? = nil,
    ) async throws -> TestAnswer {
        try await self.platform.call(
            .transfers, .post, "/v1/transfers", as: owner ?? self.alice,
            headers: key.map { [.idempotencyKey: $0.description] } ?? self.headers,
            json: [
                "fromAccountId": .string(source.description), "toAccountId": .string(target.description),
                "amount": ["amount": .string(amount), "currency": .string(currency)],
            ])
    }

    func status(_ transfer: String) async throws -> String? {
        try await self.platform.call(.transfers, .get, "/v1/transfers/\(transfer)", as: self.alice)
            .json["status"]?.string
    }

    func amounts(_ account: AccountID, _ owner: Principal) async throws -> [String?] {
        let json = try await self.platform.call(.payments, .get, "/v1/accounts/\(account)", as: owner).json
        return ["balance", "available", "pending"].map { json[$0]?["amount"]?.string }
    }

    func isBalanced() async throws -> Bool {
        let answer = try await self.platform.call(
            .payments, .get, "/internal/ledger/trial-balance", as: .service("test"))
        return answer.json["equal"]?.bool == true
    }

    func facts() async throws -> [TransferEvent] {
        try await self.environment.store.read { unit in
            try unit.readAll(after: .start, limit: 1_000).filter { $0.stream.category == Transfer.category }
                .map { try TransferEvent.catalog.decode($0.event) }
        }
    }

    /// Lets the sagas work, moving the date to each due one, until none waits for a date.
    func settle(_ service: TransfersService) async throws {
        for _ in 0..<1_000 {
            guard let due = try await service.engine.runUntilIdle() else { return }
            let wait = max(.milliseconds(1), due - self.platform.wallClock.now)
            self.platform.wallClock.advance(by: wait)
            self.time.advance(by: wait)
        }
    }
}

/// A transport that loses the n-th call, or the first ones.
final class FaultyTransport: ServiceTransport {
    enum Fault: Sendable, CaseIterable {
        case dropRequest
        case dropAnswer
        case unavailable
        /// As when one of two clocks is wrong.
        case refuseToken
    }

    private struct State {
        var calls = 0
        var failing: Range<Int> = 0..<0
        var fault = Fault.dropRequest
        /// Refuses every request whose body has this text.
        var refused: String?
    }

    private let next: any ServiceTransport
    private let state = Mutex(State())

    init(_ next: any ServiceTransport) {
        self.next = next
    }

    /// Lets these calls fail, counted from now.
    func fail(_ calls: Range<Int>, _ fault: Fault) {
        self.state.withLock { $0 = State(calls: 0, failing: calls, fault: fault, refused: $0.refused) }
    }

    /// Answers 422 to every request whose body has this text.
    func refuse(_ text: String) { self.state.withLock { $0.refused = text } }

    var calls: Int { self.state.withLock(\.calls) }

    func call(
        _ service: ServiceName, _ request: ServiceRequest, deadline: Deadline,
    ) async throws -> ServiceResponse {
        let (fault, refused) = self.state.withLock { state in
            defer { state.calls += 1 }
            return (state.failing.contains(state.calls) ? state.fault : nil, state.refused)
        }
        if let refused, String(decoding: request.body, as: UTF8.self).contains(refused) {
            return Problem(.unprocessable, "the account is closed").response()
        }
        switch fault {
        case .dropRequest: throw TransportError(.notConnected, "the request was lost")
        case .dropAnswer:
            _ = try await self.next.call(service, request, deadline: deadline)
            throw TransportError(.connectionLost, "the answer was lost")
        case .unavailable: return Problem(.unavailable, "overloaded").response()
        case .refuseToken: return Problem(.unauthenticated, "the token was issued in the future").response()
        case nil: return try await self.next.call(service, request, deadline: deadline)
        }
    }
}

/// A clock for tests in which nobody waits for long: short waits end at once, the time-outs of calls never.
final class ImpatientTime: Sendable {
    private let now = Mutex(Tick(nanoseconds: 0))

    func advance(by duration: Duration) { self.now.withLock { $0 = $0 + duration } }

    var source: TimeSource {
        TimeSource(now: { self.now.withLock { $0 } }) { tick in
            if tick - self.now.withLock({ $0 }) < .seconds(4) {
                try Task.checkCancellation()
                self.now.withLock { $0 = max($0, tick) }
                return
            }
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            for await _ in stream {}
            continuation.finish()
            throw CancellationError()
        }
    }
}
