import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import Foundation
import HTTPTypes
import Identity
import Messaging
import ShopContracts
import Synchronization
import Testing

@testable import Notifications

/// Keeps what it is given; may fail a few times first.
final class KeepingSender: NotificationSender {
    private struct State {
        var sent: [OutgoingMessage] = []
        var failures = 0
    }

    private let state = Mutex(State())

    var sent: [OutgoingMessage] { self.state.withLock(\.sent) }
    func fail(_ times: Int) { self.state.withLock { $0.failures = times } }

    func send(_ message: OutgoingMessage) async throws -> String {
        try self.state.withLock { state in
            if state.failures > 0 {
                state.failures -= 1
                throw TransportError(.notConnected, "no mail server")
            }
            state.sent.append(message)
            return "kept"
        }
    }
}

/// Never comes back, and says when it has begun.
private struct StuckSender: NotificationSender {
    let time: TimeSource
    let began: @Sendable () -> Void

    func send(_ message: OutgoingMessage) async throws -> String {
        self.began()
        try await self.time.sleep(for: .seconds(1_000_000))
        return "never"
    }
}

@Suite("Notifications", .timeLimit(.minutes(10))) struct NotificationTests {
    private struct World {
        let platform: TestPlatform
        let sender = KeepingSender()
        let environment: ServiceEnvironment
        let notifications: NotificationsService
        let feeds: [ServiceName: ServiceEnvironment]
        let customer: Principal

        init() throws {
            let platform = try TestPlatform()
            self.platform = platform
            var feeds: [ServiceName: ServiceEnvironment] = [:]
            for name in [ServiceName.users, .orders, .shipping] {
                let environment = try platform.environment(name, migrations: [])
                platform.host(Service(environment, routes: [], health: HealthRegistry(time: platform.time)))
                feeds[name] = environment
            }
            self.feeds = feeds
            self.environment = try platform.environment(.notifications, migrations: NotificationsService.migrations)
            var configuration = NotificationsService.Configuration()
            configuration.sender = self.sender
            self.notifications = try NotificationsService(self.environment, configuration: configuration)
            platform.host(self.notifications.service)
            self.customer = platform.person()
        }

        /// Appends a fact to the log of another service.
        func tell(_ service: ServiceName, _ fact: some EventPayload) async throws {
            let id = self.platform.ids.next()
            let event = NewEvent(
                id: id, type: type(of: fact).eventType, schemaVersion: 1, timestamp: self.platform.wallClock.now,
                metadata: EventMetadata(correlationID: id), data: try EventCoding.encode(fact))
            _ = try await self.feeds[service]!.store.write { unit in
                try unit.append([event], to: StreamID(category: "test", aggregateID: id), expecting: .any)
            }
        }

        func settle() async throws {
            try await self.notifications.consumers.catchUp()
            for worker in self.notifications.workers { try await worker.drain() }
        }

        func register() async throws {
            try await self.tell(
                .users,
                UserCreated(
                    userId: UserID(self.customer.subject), email: "ada@example.com", name: "Ada", role: "USER"))
        }

        func order() -> OrderPlaced {
            OrderPlaced(
                orderId: self.platform.ids.next(), customerId: CustomerID(self.customer.subject),
                items: [
                    .init(
                        productId: self.platform.ids.next(), name: "Pen", quantity: 2,
                        unitPrice: Money(minor: 150, .eur))
                ], totalAmount: Money(minor: 300, .eur), timestamp: self.platform.wallClock.now)
        }

        func list() async throws -> [JSONValue] {
            try await self.platform.call(.notifications, .get, "/v1/notifications", as: self.customer)
                .json["items"]?.array ?? []
        }
    }

    @Test func `an order is confirmed by one e-mail, and the mail is recorded`() async throws {
        let world = try World()
        try await world.register()
        try await world.tell(.orders, world.order())
        try await world.settle()
        try await world.settle()
        let mails = world.sender.sent.filter { $0.subject.hasPrefix("Your order") }
        #expect(mails.count == 1)
        #expect(mails.first?.recipient == "ada@example.com")
        #expect(mails.first?.body.contains("2 × Pen at 1.50 EUR") == true)
        let log = try await world.environment.store.read { try $0.readAll(after: .start, limit: 100) }
        #expect(log.filter { $0.type == "EmailSent" }.count == 2)
        let items = try await world.list()
        #expect(items.map { $0["kind"]?.string } == ["orderPlaced", "welcome"])
        #expect(items.allSatisfy { $0["status"]?.string == "SENT" })
        for item in items { #expect(NotificationModel.schema.violations(in: item).isEmpty) }
    }

    @Test func `a mail whose sender was killed goes out when the service is back, not when the lease ends`()
        async throws
    {
        let world = try World()
        try await world.register()
        try await world.notifications.consumers.catchUp()
        let (calls, called) = AsyncStream<Void>.makeStream()
        var configuration = NotificationsService.Configuration()
        configuration.sender = StuckSender(time: world.platform.time) { called.yield() }
        let first = try NotificationsService(world.environment, configuration: configuration)
        await withTaskGroup { life in
            for worker in first.workers { life.addTask { try? await worker.run() } }
            for await _ in calls { break }
            life.cancelAll()
        }
        #expect(world.sender.sent.isEmpty)
        let before = world.platform.wallClock.now
        await withTaskGroup { life in
            for worker in world.notifications.workers { life.addTask { try? await worker.run() } }
            while world.sender.sent.isEmpty { await Task.yield() }
            life.cancelAll()
        }
        #expect(world.sender.sent.map(\.recipient) == ["ada@example.com"])
        #expect(world.platform.wallClock.now == before)
    }

    @Test func `the same fact told again gives no second e-mail`() async throws {
        let world = try World()
        try await world.register()
        let order = world.order()
        for _ in 0..<3 {
            try await world.tell(.orders, order)
            try await world.settle()
        }
        #expect(world.sender.sent.filter { $0.subject.hasPrefix("Your order") }.count == 1)
    }

    @Test func `an order that comes before its customer's address waits for it`() async throws {
        let world = try World()
        try await world.tell(.orders, world.order())
        try await world.settle()
        #expect(world.sender.sent.isEmpty)
        #expect(try await world.list().map { $0["status"]?.string } == ["PENDING"])
        try await world.register()
        try await world.settle()
        world.platform.wallClock.advance(by: .seconds(10))
        try await world.settle()
        #expect(world.sender.sent.count == 2)
    }

    @Test func `a mail server that fails is tried again and gets each mail once`() async throws {
        let world = try World()
        try await world.register()
        world.sender.fail(3)
        for _ in 0..<6 {
            try await world.settle()
            world.platform.wallClock.advance(by: .seconds(60))
        }
        #expect(world.sender.sent.count == 1)
    }

    @Test func `preferences decide the channel`() async throws {
        let world = try World()
        try await world.register()
        try await world.settle()
        let path = "/v1/notifications/preferences"
        let standard = try await world.platform.call(.notifications, .get, path, as: world.customer)
        #expect(standard.json == ["email": true, "push": false, "sms": false])
        let changed = try await world.platform.call(
            .notifications, .put, path, as: world.customer, json: ["email": false, "sms": true, "push": true])
        #expect(changed.status == 200)
        try await world.tell(.orders, world.order())
        try await world.settle()
        #expect(Set(world.sender.sent.dropFirst().map(\.channel)) == ["sms", "push"])
        let bad = try await world.platform.call(
            .notifications, .put, path, as: world.customer, json: ["email": false])
        #expect(bad.status == 400)
    }

    @Test func `a changed profile is told, and the new address is used`() async throws {
        let world = try World()
        try await world.register()
        try await world.settle()
        try await world.tell(
            .users, ProfileUpdated(userId: UserID(world.customer.subject), name: nil, email: "new@example.com"))
        try await world.settle()
        #expect(world.sender.sent.map(\.recipient) == ["ada@example.com", "new@example.com"])
        #expect(world.sender.sent.last?.subject == "Your e-mail address has changed")
    }

    @Test func `what the mail records is caused by what asked for it`() async throws {
        let world = try World()
        try await world.register()
        try await world.settle()
        let log = try await world.environment.store.read { try $0.readAll(after: .start, limit: 100) }
        let requested = try #require(log.first { $0.type == "NotificationRequested" })
        let sent = try #require(log.first { $0.type == "EmailSent" })
        let origin = try await world.feeds[.users]!.store.read { try $0.readAll(after: .start, limit: 1) }
        #expect(requested.metadata.causationID == origin.first?.id)
        #expect(sent.metadata.causationID == requested.id)
    }

    @Test func `the file sender writes one file a message, however often it is sent`() async throws {
        let platform = try TestPlatform()
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            "notifications-\(platform.ids.next())-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let message = OutgoingMessage(
            id: platform.ids.next(), channel: "email", recipient: "ada@example.com", subject: "Hello", body: "World",
            date: platform.wallClock.now)
        let sender = FileSender(directory: directory.path)
        for _ in 0..<2 { _ = try await sender.send(message) }
        let folder = directory.appendingPathComponent("email")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files == ["\(message.id).txt"])
        let text = try String(contentsOf: folder.appendingPathComponent(files[0]), encoding: .utf8)
        #expect(text.hasPrefix("To: ada@example.com\nSubject: Hello\n"))
    }
}
