import Chassis
import Essentials
import EventSourcing
import HTTPTypes

/// Finds out who asks, and remembers what they did.
struct Visitors: Sendable {
    let environment: ServiceEnvironment
    let api: PublicAPI
    let cookie: PageCookie

    /// Who asks. A customer's access token is renewed when its time comes.
    func visitor(_ request: RoutedRequest) async throws -> Visitor {
        guard let secret = self.cookie.value(in: request).flatMap({ BrowserSecret($0) }) else {
            return self.newcomer()
        }
        var visitor = Visitor(secret: secret, isNew: false, visit: Visit())
        let hash = visitor.hash
        if let visit = try await self.environment.store.read({ try VisitRows.find(hash, in: $0) }) {
            visitor.visit = visit
            try await self.renew(&visitor, request)
        }
        return visitor
    }

    /// Somebody who has not been here, with a secret of their own.
    func newcomer(_ visit: Visit = Visit()) -> Visitor {
        Visitor(secret: BrowserSecret(self.environment.chance), isNew: true, visit: visit)
    }

    func remember(_ visitor: Visitor) async throws {
        let now = self.environment.wallClock.now
        try await self.environment.store.write { try VisitRows.put(visitor.visit, visitor.hash, at: now, in: $0) }
    }

    /// Changes a visit as it is now, whatever other requests of the browser have made of it.
    func change(_ visitor: inout Visitor, _ change: @escaping @Sendable (inout Visit) -> Void) async throws {
        let now = self.environment.wallClock.now
        let (hash, fallback) = (visitor.hash, visitor.visit)
        visitor.visit = try await self.environment.store.write { unit in
            var visit = try VisitRows.find(hash, in: unit) ?? fallback
            change(&visit)
            try VisitRows.put(visit, hash, at: now, in: unit)
            return visit
        }
    }

    /// Takes the session in under a new secret, so that nobody who knew the old one gets into it.
    func begin(_ session: Session, _ profile: Profile, from visitor: Visitor) async throws -> Visitor {
        var visit = visitor.visit
        visit.customer = self.customer(session, name: profile.name, email: profile.email)
        let known = self.newcomer(visit)
        let now = self.environment.wallClock.now
        try await self.environment.store.write { unit in
            try VisitRows.remove(visitor.hash, in: unit)
            try VisitRows.put(known.visit, known.hash, at: now, in: unit)
        }
        return known
    }

    func forget(_ visitor: Visitor) async throws {
        try await self.environment.store.write { try VisitRows.remove(visitor.hash, in: $0) }
    }

    /// Forgets visits that nobody came back to.
    func prune() async throws {
        while !Task.isCancelled {
            let limit = self.environment.wallClock.now + .seconds(-Int64(self.cookie.lifetime))
            try await self.environment.store.write { try VisitRows.prune(before: limit, in: $0) }
            try await self.environment.time.sleep(for: .seconds(3_600))
        }
    }

    private func renew(_ visitor: inout Visitor, _ request: RoutedRequest) async throws {
        guard let customer = visitor.customer, customer.renewAt <= self.environment.wallClock.now else { return }
        let renewed: Visit.Customer?
        do {
            let session = try await self.api.refresh(Redacted(customer.refreshToken), request.metadata)
            renewed = self.customer(session, name: customer.name, email: customer.email)
        } catch let problem as RemoteProblem where problem.isFinal {
            // The session has ended: the basket stays.
            renewed = nil
        }
        try await self.change(&visitor) { $0.customer = renewed }
    }

    private func customer(_ session: Session, name: String, email: String) -> Visit.Customer {
        Visit.Customer(
            id: session.userId, name: name, email: email, accessToken: session.accessToken.exposed,
            refreshToken: session.refreshToken.exposed,
            renewAt: self.environment.wallClock.now + .seconds(max(session.expiresIn - 60, 1)))
    }
}
