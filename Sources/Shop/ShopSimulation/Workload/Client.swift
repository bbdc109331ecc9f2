import Chassis
import Essentials
import HTTPTypes
import ShopContracts

/// Somebody with an account at the shop, who insists on an answer.
struct Client: Sendable {
    let door: Door
    let scene: any Scene
    let chance: Chance
    let email: String
    let password: String
    private(set) var id: UniqueID?
    private var token: String?
    private var refresh: String?
    private var oldRefresh: String?

    /// No answer came in a time in which one must.
    struct NoAnswer: Error, CustomStringConvertible {
        var deed: String
        var description: String { "'\(self.deed)' was never answered" }
    }

    init(_ name: String, email: String, password: String, scene: any Scene) {
        self.scene = scene
        self.email = email
        self.password = password
        self.chance = scene.chance("client/\(name)")
        self.door = Door(
            client: name, transport: scene.transport, history: scene.history, time: scene.time)
    }

    var name: String { self.door.client }
    var history: History { self.door.history }

    func key() -> UniqueID {
        UniqueID(
            high: self.chance.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
            low: self.chance.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    // MARK: Who I am

    /// - Parameter isKnown: whether there is an account already.
    mutating func enter(isKnown: Bool) async throws {
        if !isKnown {
            let promise = Promise(kind: .user, intent: self.email, isAcknowledged: false)
            let body: JSONValue = [
                "email": .string(self.email), "password": .string(self.password), "name": .string(self.name),
            ]
            let (answer, _) = try await self.insist("register", .post, "/v1/users", json: body, expecting: [201, 409])
            self.scene.promised(promise.answered(answer.id("userId")))
        }
        try await self.logIn()
    }

    private mutating func logIn() async throws {
        let body: JSONValue = ["email": .string(self.email), "password": .string(self.password)]
        let (answer, _) = try await self.insist("log in", .post, "/v1/sessions", json: body, expecting: [201])
        self.take(answer)
    }

    private mutating func take(_ session: ClientAnswer) {
        self.id = session.id("userId")
        self.token = session.json["accessToken"]?.string
        self.oldRefresh = self.refresh
        self.refresh = session.json["refreshToken"]?.string
    }

    /// Exchanges the refresh token; now and then one that has been used already, as a thief would.
    mutating func renew(asThief: Bool = false) async throws {
        guard let refresh = asThief ? self.oldRefresh : self.refresh else { return try await self.logIn() }
        let answer = try await self.door.ask(
            "refresh", .post, "/v1/sessions/refresh", json: ["refreshToken": .string(refresh)])
        switch answer?.status {
        case 200:
            if asThief {
                self.scene.fail(
                    .unexpectedAnswer, "\(self.name): a used refresh token was exchanged again")
            }
            if let answer { self.take(answer) }
        case 401:
            if answer?.code == "token-reused" { self.scene.sometimes("a refresh token was used twice") }
            (self.refresh, self.oldRefresh) = (nil, nil)
            try await self.logIn()
        default: break
        }
    }

    // MARK: Asking

    /// Asks until there is an answer, under the same key.
    /// - Returns: the answer, and whether it had to be asked for more than once.
    /// - Throws: ``NoAnswer`` after half an hour.
    mutating func insist(
        _ deed: String, about subject: UniqueID? = nil, _ method: HTTPRequest.Method, _ path: String,
        json: JSONValue? = nil, key: UniqueID? = nil, expecting expected: Set<Int>,
    ) async throws -> (answer: ClientAnswer, isRepeated: Bool) {
        let end = self.door.time.now + .seconds(1_800)
        var pause = Duration.milliseconds(50)
        var isRepeated = false
        let isOpen = deed == "log in" || deed == "register"
        while self.door.time.now < end {
            let answer = try await self.door.ask(
                deed, about: subject, method, path, json: json, key: key, token: isOpen ? nil : self.token)
            self.scene.trace(
                "\(self.name) \(deed) \(key?.short ?? "") → "
                    + (answer.map { "\($0.status) \($0.code ?? "") \($0.json["detail"]?.string ?? "")" } ?? "no answer")
            )
            if answer == nil { self.scene.sometimes("a client saw nothing of its answer") }
            if let answer {
                if expected.contains(answer.status) { return (answer, isRepeated) }
                if answer.status == 401, !isOpen {
                    try await self.renew()
                } else if answer.status != 429, answer.status != 503, answer.status != 401 {
                    self.odd(deed, subject, answer)
                    return (answer, isRepeated)
                }
            }
            isRepeated = true
            try await self.door.time.sleep(for: pause)
            pause = min(pause * 2, self.scene.mix.longestRetry)
        }
        throw NoAnswer(deed: "\(self.name): \(deed)")
    }

    private func odd(_ deed: String, _ subject: UniqueID?, _ answer: ClientAnswer) {
        let text = String(decoding: answer.json.serialized, as: UTF8.self)
        self.scene.fail(
            .unexpectedAnswer,
            "\(self.name): \(deed) \(subject?.short ?? "") was answered \(answer.status): \(text)")
    }
}

extension Promise {
    /// The promise once an answer has come that names `id`.
    func answered(_ id: UniqueID?) -> Promise {
        var promise = self
        promise.id = id
        promise.isAcknowledged = true
        return promise
    }
}
