import Essentials
import EssentialsTesting
import HTTPWire
import TLS
import Testing

/// Both sides in one place; what one side writes the other reads, in pieces of `step` bytes.
struct Pair: ~Copyable {
    let server: TLSConnection
    let client: TLSConnection
    var toServer: WireBuffer
    var toClient: WireBuffer
    var atServer: WireBuffer
    var atClient: WireBuffer
    var step = Int.max

    init(_ server: TLSConnection, _ client: TLSConnection, step: Int = .max) throws(TLSFailure) {
        let pool = WirePool()
        (self.server, self.client, self.step) = (server, client, step)
        self.toServer = WireBuffer(pool)
        self.toClient = WireBuffer(pool)
        self.atServer = WireBuffer(pool)
        self.atClient = WireBuffer(pool)
        try client.begin(&self.toServer)
        try self.exchange()
    }

    /// Carries records until nobody has any.
    mutating func exchange() throws(TLSFailure) {
        while !self.toServer.isEmpty || !self.toClient.isEmpty {
            try Self.carry(&self.toServer, self.step, to: self.server, &self.atServer, &self.toClient)
            try Self.carry(&self.toClient, self.step, to: self.client, &self.atClient, &self.toServer)
        }
    }

    private static func carry(
        _ records: inout WireBuffer, _ step: Int, to side: TLSConnection, _ content: inout WireBuffer,
        _ answers: inout WireBuffer
    ) throws(TLSFailure) {
        let part = records.withUnsafeBytes { Array($0.prefix(step)) }
        records.consume(part.count)
        try receive(part, side, &content, &answers)
    }

    mutating func fromClient(_ bytes: [UInt8]) throws(TLSFailure) -> [UInt8] {
        try Self.send(self.client, bytes, &self.toServer)
        try self.exchange()
        return taken(&self.atServer)
    }

    mutating func fromServer(_ bytes: [UInt8]) throws(TLSFailure) -> [UInt8] {
        try Self.send(self.server, bytes, &self.toClient)
        try self.exchange()
        return taken(&self.atClient)
    }

    private static func send(_ side: TLSConnection, _ bytes: [UInt8], _ records: inout WireBuffer) throws(TLSFailure) {
        var sent = 0
        while sent < bytes.count {
            let rest = Array(bytes[sent...])
            sent += try side.send(rest.span.bytes, atMost: 10_000, &records)
        }
    }
}

func receive(
    _ records: [UInt8], _ side: TLSConnection, _ content: inout WireBuffer, _ answers: inout WireBuffer
) throws(TLSFailure) {
    try side.receive(records.span.bytes, &content, &answers)
}

func taken(_ buffer: inout WireBuffer) -> [UInt8] {
    let bytes = buffer.withUnsafeBytes { Array($0) }
    buffer.removeAll()
    return bytes
}

let day = Int64(86_400_000)

/// A certificate whose validity is counted in days from now: OpenSSL's client looks at the system's clock.
func identity(_ names: String..., days: ClosedRange<Int64> = -1...1) throws -> TLSIdentity {
    let now = WallClock.system.now.milliseconds
    let (from, until) = (now + days.lowerBound * day, now + days.upperBound * day)
    return try .selfSigned(
        for: names, validity: Timestamp(milliseconds: from)...Timestamp(milliseconds: until))
}

@Suite("TLS")
struct TLSTests {
    @Test(arguments: [1, 7, Int.max], [TLSConfiguration.Version.tls12, .tls13])
    func `content goes both ways, however the records are cut`(_ step: Int, _ version: TLSConfiguration.Version) throws
    {
        let identity = try identity("shop.example")
        let client = try TLSClient(trusting: identity.chain, minimumVersion: version, protocols: ["http/1.1"])
        let server = try TLSServer(TLSConfiguration(identities: [identity]))
        var pair = try Pair(server.accept(), client.connect(to: "shop.example"), step: step)
        #expect(pair.server.isEstablished && pair.client.isEstablished)
        #expect(pair.server.version == "TLSv1.3" && pair.server.serverName == "shop.example")
        #expect(pair.server.applicationProtocol == "http/1.1" && !pair.server.isResumed)
        let long = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try pair.fromClient(Array("question".utf8)) == Array("question".utf8))
        #expect(try pair.fromServer(long) == long)
        #expect(try pair.fromClient(long) == long)
        pair.server.end(&pair.toClient)
        try pair.exchange()
        #expect(pair.client.isEnded && !pair.server.isEnded)
    }

    @Test func `a name gets its certificate, by wildcard too, and others get the first`() throws {
        let (shop, wild) = (try identity("shop.example"), try identity("*.api.example", "api.example"))
        let server = try TLSServer(TLSConfiguration(identities: [shop, wild]))
        let client = try TLSClient(trusting: shop.chain + wild.chain)
        for name in ["shop.example", "v1.api.example", "API.example"] {
            let pair = try Pair(server.accept(), client.connect(to: name))
            #expect(pair.client.isEstablished, "\(name)")
            #expect(pair.server.applicationProtocol == nil)
        }
        // The first certificate is shown, and the client finds that it is not the one it wanted.
        for name in ["other.example", "a.b.api.example"] {
            #expect(throws: TLSFailure.self, "\(name)") { _ = try Pair(server.accept(), client.connect(to: name)) }
        }
    }

    @Test func `after a reload new handshakes get the new certificate, and old connections live on`() throws {
        let (old, new) = (try identity("shop.example"), try identity("shop.example"))
        let server = try TLSServer(TLSConfiguration(identities: [old]))
        let (first, second) = (try TLSClient(trusting: old.chain), try TLSClient(trusting: new.chain))
        var pair = try Pair(server.accept(), first.connect(to: "shop.example"))
        let inHandshake = server.accept()
        try server.reload(TLSConfiguration(identities: [new]))
        #expect(throws: TLSFailure.self) { _ = try Pair(server.accept(), first.connect(to: "shop.example")) }
        #expect(try Pair(server.accept(), second.connect(to: "shop.example")).client.isEstablished)
        #expect(try Pair(inHandshake, first.connect(to: "shop.example")).client.isEstablished)
        #expect(try pair.fromClient([1, 2, 3]) == [1, 2, 3] && pair.fromServer([4]) == [4])
    }

    @Test(arguments: [true, false], [TLSConfiguration.Version.tls12, .tls13])
    func `a session is resumed with a ticket, until a reload`(
        _ tickets: Bool, _ version: TLSConfiguration.Version
    ) throws {
        let identity = try identity("shop.example")
        var configuration = TLSConfiguration(identities: [identity])
        configuration.tickets = tickets
        configuration.minimumVersion = version
        let server = try TLSServer(configuration)
        let client = try TLSClient(trusting: identity.chain)
        var pair = try Pair(server.accept(), client.connect(to: "shop.example"))
        _ = try pair.fromServer([1])
        let earlier = pair.client
        let again = try Pair(server.accept(), client.connect(to: "shop.example", resuming: earlier))
        #expect(again.server.isResumed == tickets)
        try server.reload(configuration)
        let later = try Pair(server.accept(), client.connect(to: "shop.example", resuming: earlier))
        #expect(later.client.isEstablished && !later.server.isResumed)
    }

    @Test func `every problem of every certificate is named before anything starts`() throws {
        let (good, other) = (try identity("good.example"), try identity("other.example"))
        let nonsense = TLSIdentity(name: "nonsense", chain: Array("x".utf8), key: good.key)
        let keyless = TLSIdentity(name: "keyless", chain: good.chain, key: Redacted([]))
        let mismatch = TLSIdentity(name: "mismatch", chain: good.chain, key: other.key)
        let disorder = TLSIdentity(name: "disorder", chain: good.chain + other.chain, key: good.key)
        let expired = try identity("expired", days: -9 ... -1)
        let early = try identity("early", days: 1...9)
        let server = try TLSServer(TLSConfiguration(identities: [good]))
        let error = #expect(throws: TLSConfigurationError.self) {
            try server.reload(
                TLSConfiguration(identities: [nonsense, keyless, mismatch, disorder, expired, good, early]))
        }
        let problems = try #require(error?.problems)
        #expect(problems.count == 6)
        for (problem, part) in zip(
            problems,
            [
                "nonsense: there is no certificate in PEM form", "keyless: there is no private key in PEM form",
                "mismatch: the key is not that of the certificate", "disorder: the chain is not in order",
                "expired: the certificate has expired at ", "early: the certificate is valid from ",
            ])
        {
            #expect(problem.hasPrefix(part), "\(problem)")
        }
        #expect(
            try Pair(server.accept(), TLSClient(trusting: good.chain).connect(to: "good.example")).client.isEstablished)
        #expect(throws: TLSConfigurationError(problems: ["/nowhere/a.pem: No such file or directory"])) {
            try TLSIdentity(certificateFile: "/nowhere/a.pem", keyFile: "/nowhere/b.pem")
        }
    }

    @Test func `a client of other protocols is refused, and so is one of an older version`() throws {
        let identity = try identity("shop.example")
        var configuration = TLSConfiguration(identities: [identity])
        configuration.minimumVersion = .tls13
        let server = try TLSServer(configuration)
        let strange = try TLSClient(trusting: identity.chain, protocols: ["spdy/3"])
        #expect(throws: TLSFailure.self) { _ = try Pair(server.accept(), strange.connect(to: "shop.example")) }
        let both = try TLSClient(trusting: identity.chain, protocols: ["http/1.1", "h2"])
        #expect(try Pair(server.accept(), both.connect(to: "shop.example")).server.applicationProtocol == "h2")
    }

    @Test(arguments: 0..<200)
    func `changed and random records never trap`(_ seed: Int) throws {
        var generator = SeededGenerator.fuzzing(seed)
        let identity = try identity("shop.example")
        let server = try TLSServer(TLSConfiguration(identities: [identity])).accept()
        let client = try TLSClient(trusting: identity.chain).connect(to: "shop.example")
        let pool = WirePool()
        var toServer = WireBuffer(pool)
        var toClient = WireBuffer(pool)
        var content = WireBuffer(pool)
        try client.begin(&toServer)
        for _ in 0..<3 {
            var records = taken(&toServer)
            for _ in 0..<Int.random(in: 0...2, using: &generator) where !records.isEmpty {
                records[Int.random(in: records.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            if seed % 4 == 0 { records += (0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) } }
            guard (try? receive(records, server, &content, &toClient)) != nil else { break }
            guard (try? receive(taken(&toClient), client, &content, &toServer)) != nil else { break }
        }
        #expect(toClient.count <= 70_000 && content.count < 100)
    }
}
