import Essentials
import EssentialsTesting
import EventSourcing
import Testing

/// Version 1 had `name`, version 2 split it, version 3 renamed `mail`.
private struct UserRegistered: EventPayload {
    static let eventType = "UserRegistered"
    static let schemaVersion = 3
    static let kind = EventKind.integration
    var first: String
    var last: String
    var email: String
}

private enum UserFact: EventSum {
    case registered(UserRegistered)

    var payload: any EventPayload {
        switch self {
        case .registered(let fact): fact
        }
    }

    private struct NoName: Error {}

    static let catalog = EventCatalog<UserFact>([
        .fact(
            UserRegistered.self, UserFact.registered,
            upcasting: [
                1: { old in
                    guard case .object(var members) = old, case .string(let name)? = members["name"] else {
                        throw NoName()
                    }
                    let parts = name.split(separator: " ", maxSplits: 1).map(String.init)
                    members["name"] = nil
                    members["first"] = .string(parts[0])
                    members["last"] = .string(parts.count > 1 ? parts[1] : "")
                    return .object(members)
                },
                2: { old in
                    guard case .object(var members) = old else { throw NoName() }
                    members["email"] = members["mail"]
                    members["mail"] = nil
                    return .object(members)
                },
            ])
    ])
}

@Suite struct EventCatalogTests {
    private func stored(_ data: String, version: Int = 3, type: String = "UserRegistered") -> NewEvent {
        var event = NewEvent(
            id: UniqueID(high: 1, low: 2), type: type, schemaVersion: version, timestamp: Timestamp(milliseconds: 0),
            metadata: EventMetadata(correlationID: UniqueID(high: 3, low: 4)), data: Array(data.utf8))
        event.schemaVersion = version
        return event
    }

    /// One golden sample of each version. They are for ever.
    @Test(arguments: [
        (1, #"{"mail":"ada@example.org","name":"Ada Lovelace"}"#),
        (2, #"{"first":"Ada","last":"Lovelace","mail":"ada@example.org"}"#),
        (3, #"{"email":"ada@example.org","first":"Ada","last":"Lovelace"}"#),
    ])
    func `a fact of any version is read as the current one`(version: Int, sample: String) throws {
        let fact = try UserFact.catalog.decode(self.stored(sample, version: version))
        #expect(fact == .registered(UserRegistered(first: "Ada", last: "Lovelace", email: "ada@example.org")))
    }

    @Test func `a fact is written as its golden sample, keys sorted`() throws {
        let fact = UserFact.registered(UserRegistered(first: "Ada", last: "Lovelace", email: "a/b@example.org"))
        let event = try fact.newEvent(
            id: UniqueID(high: 1, low: 2), timestamp: Timestamp(milliseconds: 5),
            metadata: EventMetadata(correlationID: UniqueID(high: 3, low: 4)))
        #expect(event.type == "UserRegistered" && event.schemaVersion == 3)
        #expect(
            String(decoding: event.data, as: UTF8.self)
                == #"{"email":"a/b@example.org","first":"Ada","last":"Lovelace"}"#)
        #expect(try UserFact.catalog.decode(event) == fact)
    }

    @Test(arguments: [("NobodyKnows", 1), ("UserRegistered", 4), ("UserRegistered", 0), ("UserRegistered", -1)])
    func `an unknown type or version is refused by name`(type: String, version: Int) throws {
        let error = #expect(throws: EventStoreError.self) {
            try UserFact.catalog.decode(self.stored("{}", version: version, type: type))
        }
        #expect(error?.code == .unknownEvent)
        #expect(error?.message.contains(type) == true)
    }

    @Test(arguments: [(3, "no JSON"), (3, "{}"), (3, ""), (1, "[]"), (1, #"{"name":7}"#), (2, "{")])
    func `data that cannot be read is corrupt and names the event`(version: Int, data: String) throws {
        let error = #expect(throws: EventStoreError.self) {
            try UserFact.catalog.decode(self.stored(data, version: version))
        }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("UserRegistered \(UniqueID(high: 1, low: 2))") == true)
    }

    @Test func `a catalogue knows whom each fact is for, by default for its own service`() {
        #expect(UserFact.catalog.kinds == ["UserRegistered": .integration])
        #expect(Set(Account.Fact.catalog.kinds.values) == [.domain])
    }

    @Test func `a catalogue lists its facts by name`() {
        #expect(
            Account.Fact.catalog.types
                == ["AccountCredited", "AccountDebited", "AccountOpened", "TransactionCompleted"])
    }
}
