import Essentials
import Foundation
import Testing

@Suite("Chance")
struct ChanceTests {
    @Test func `follows from its seed`() {
        let (first, second, other) = (Chance(seed: 1), Chance(seed: 1), Chance(seed: 2))
        let numbers = (0..<100).map { _ in first.next() }
        #expect(numbers == (0..<100).map { _ in second.next() })
        #expect(numbers != (0..<100).map { _ in other.next() })
    }

    @Test func `is the published sequence of SplitMix64`() {
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in generator.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }

    @Test func `fractions lie between zero and one and fill the space`() {
        #expect(Chance { .max }.fraction() < 1)
        #expect(Chance { 0 }.fraction() == 0)
        let chance = Chance(seed: 3)
        let mean = (0..<10_000).map { _ in chance.fraction() }.reduce(0, +) / 10_000
        #expect((0.48...0.52).contains(mean))
    }

    @Test func `whole numbers reach every value below the bound and none beyond`() {
        let chance = Chance(seed: 4)
        #expect(Set((0..<1_000).map { _ in chance.below(7) }) == Set(0..<7))
        #expect(chance.below(1) == 0)
    }

    @Test func `gives as many bytes as asked for`() {
        let chance = Chance(seed: 5)
        for count in [0, 1, 7, 8, 9, 32] { #expect(chance.bytes(count).count == count) }
        #expect(Set(chance.bytes(4_096)).count == 256)
    }
}

@Suite("A secret")
struct RedactedTests {
    private struct Settings: Codable {
        var password: Redacted<String>
        var attempts: Redacted<Int>?
    }

    private struct LoginFailed: Error {
        var password: Redacted<String>
    }

    let secret = Redacted("hunter2")

    @Test func `never shows, however it is printed`() throws {
        let settings = Settings(password: self.secret, attempts: Redacted(4_711))
        var dumped = ""
        dump(settings, to: &dumped)
        dump(self.secret, to: &dumped)
        dump([self.secret], to: &dumped)
        let json = String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
        let texts = [
            "\(self.secret)", String(describing: self.secret), String(reflecting: self.secret), "\([self.secret])",
            "\(["key": self.secret])", "\(Optional(self.secret) as Any)", "\(settings)", String(reflecting: settings),
            "\(LoginFailed(password: self.secret))", "\(Mirror(reflecting: self.secret).children.map { "\($0)" })",
            dumped, json,
        ]
        for text in texts { #expect(!text.contains("hunter2") && !text.contains("4711"), "\(text)") }
        #expect(json.contains("[redacted]"))
        #expect("\(self.secret)" == "[redacted]")
    }

    @Test func `can be read from a configuration and by the one who needs it`() throws {
        let settings = try JSONDecoder().decode(Settings.self, from: Data(#"{"password":"hunter2"}"#.utf8))
        #expect(settings.password.exposed == "hunter2")
        #expect(settings.password == self.secret)
    }
}

@Suite("A deadline")
struct DeadlineTests {
    let now = Tick(nanoseconds: 1_000)

    @Test func `has passed at its tick and not before`() {
        let deadline = Deadline(at: self.now)
        #expect(!deadline.hasPassed(at: Tick(nanoseconds: 999)))
        #expect(deadline.hasPassed(at: self.now))
        #expect(deadline.remaining(at: Tick(nanoseconds: 400)) == .nanoseconds(600))
        #expect(deadline.remaining(at: Tick(nanoseconds: 5_000)) == .zero)
    }

    @Test func `within takes the earlier of the task's own and the new one`() {
        #expect(Deadline.within(.nanoseconds(5), of: self.now) == Deadline(at: Tick(nanoseconds: 1_005)))
        Deadline.$current.withValue(Deadline(at: Tick(nanoseconds: 1_003))) {
            #expect(Deadline.within(.nanoseconds(5), of: self.now) == Deadline(at: Tick(nanoseconds: 1_003)))
            #expect(Deadline.within(.nanoseconds(2), of: self.now) == Deadline(at: Tick(nanoseconds: 1_002)))
        }
    }

    @Test func `travels into child tasks`() async {
        await Deadline.$current.withValue(Deadline(at: self.now)) {
            async let seen = Deadline.current
            #expect(await seen == Deadline(at: self.now))
        }
        #expect(Deadline.current == nil)
    }

    @Test func `ticks at the ends of time do not wrap around`() {
        #expect(self.now + .seconds(Int64.max) == .distantFuture)
        #expect(Tick(nanoseconds: -1) + .seconds(Int64.min) == .distantPast)
        #expect(Deadline(at: .distantPast).remaining(at: self.now) == .zero)
        #expect(Tick.distantFuture - .distantPast == .nanoseconds(Int64.max))
        #expect(Tick.distantPast - .distantFuture == .nanoseconds(Int64.min))
    }
}

@Suite("Amounts")
struct AmountTests {
    @Test(arguments: [
        (ByteCount.zero, "0 B"), (.bytes(1), "1 B"), (.bytes(1_023), "1023 B"), (.kibibytes(1), "1 KiB"),
        (.bytes(1_536), "1536 B"), (.mebibytes(10), "10 MiB"), (.mebibytes(10_240), "10 GiB"),
    ])
    func `a byte count is shown in the largest unit that divides it`(count: ByteCount, text: String) {
        #expect(count.description == text)
    }

    @Test func `byte counts add, subtract and compare`() {
        #expect(ByteCount.kibibytes(1) + .bytes(1) == .bytes(1_025))
        #expect(ByteCount.kibibytes(1) - .bytes(1) == .bytes(1_023))
        #expect(ByteCount.bytes(1_023) < .kibibytes(1))
    }

    @Test func `durations convert to whole units, rounded down, and saturate`() {
        #expect(Duration.milliseconds(1_500).nanoseconds == 1_500_000_000)
        #expect(Duration.microseconds(1_999).milliseconds == 1)
        #expect(Duration.microseconds(-1).milliseconds == -1)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
        #expect(Duration.milliseconds(250).fractionalSeconds == 0.25)
    }
}
