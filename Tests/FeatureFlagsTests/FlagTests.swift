import FeatureFlags
import Testing

@Suite("Flags")
struct FlagTests {
    private let flags = InMemoryFlags([
        "checkout": .boolean(true), "old": .boolean(false),
        "colour": FlagDefinition(variants: ["red": .string("#f00"), "blue": .string("#00f")], default: "red"),
    ])
    private var client: FlagClient { FlagClient(self.flags) }

    @Test func `one value for everybody is static and has a variant`() {
        let evaluation = self.client.evaluate("checkout", default: false)
        #expect(evaluation.value && evaluation.variant == "on")
        #expect(evaluation.reason == .static && evaluation.error == nil)
        #expect(self.client.value("colour", default: "?") == "#f00")
    }

    @Test func `whatever goes wrong, the caller's default holds and the evaluation says why`() {
        let unknown = self.client.evaluate("nobody knows", default: 7)
        #expect(unknown.value == 7)
        #expect(unknown.reason.rawValue == "ERROR" && unknown.error?.rawValue == "FLAG_NOT_FOUND")
        let mismatch = self.client.evaluate("colour", default: true)
        #expect(mismatch.value && mismatch.error == .typeMismatch && mismatch.variant == nil)
    }

    @Test func `a flag that is switched off has the caller's default`() {
        var definition = FlagDefinition.boolean(true)
        definition.isEnabled = false
        self.flags["checkout"] = definition
        let evaluation = self.client.evaluate("checkout", default: false)
        #expect(!evaluation.value && evaluation.reason == .disabled && evaluation.error == nil)
    }

    @Test func `the first rule whose conditions all hold decides`() {
        var definition = FlagDefinition(
            variants: ["red": .string("r"), "blue": .string("b"), "green": .string("g")], default: "red")
        definition.rules = [
            .init(["country": .equals(.string("FR")), "age": .isAtLeast(18)], serving: .variant("blue")),
            .init(["country": .isOneOf([.string("FR"), .string("IT")])], serving: .variant("green")),
            .init(["targetingKey": .hasPrefix("test-")], serving: .variant("blue")),
        ]
        self.flags["colour"] = definition
        func colour(_ key: String?, _ attributes: [String: FlagValue]) -> (String, FlagReason) {
            let context = FlagContext(targetingKey: key, attributes: attributes)
            let evaluation = self.client.evaluate("colour", default: "?", in: context)
            return (evaluation.value, evaluation.reason)
        }
        #expect(colour(nil, ["country": .string("FR"), "age": .integer(18)]) == ("b", .targetingMatch))
        #expect(colour(nil, ["country": .string("FR"), "age": .integer(17)]) == ("g", .targetingMatch))
        #expect(colour("test-1", ["country": .string("DE")]) == ("b", .targetingMatch))
        #expect(colour(nil, ["age": .string("18")]) == ("r", .default))
    }

    @Test func `a rollout without a targeting key cannot stick, and says so`() {
        self.flags["checkout"] = .rollout(percent: 50)
        #expect(self.client.evaluate("checkout", default: false).error == .targetingKeyMissing)
    }

    private func members(_ flag: String, percent: Int) -> Set<Int> {
        self.flags[flag] = .rollout(percent: percent)
        return Set(
            (0..<10_000).filter { number in
                let context = FlagContext(targetingKey: "customer-\(number)")
                return self.client.value(flag, default: false, in: context)
            })
    }

    @Test(arguments: [0, 1, 10, 37, 50, 99, 100])
    func `a rollout takes its share of the keys`(percent: Int) {
        let share = self.members("checkout", percent: percent).count
        // Four standard deviations of a binomial distribution.
        let deviation = (10_000.0 * Double(percent) / 100 * (1 - Double(percent) / 100)).squareRoot()
        #expect(abs(Double(share) - Double(percent) * 100) <= 4 * deviation)
    }

    @Test func `raising the share only adds, lowering only takes away, and it is the same in every run`() {
        var before: Set<Int> = []
        for percent in stride(from: 0, through: 100, by: 5) {
            let members = self.members("checkout", percent: percent)
            #expect(members.isSuperset(of: before))
            before = members
        }
        // Known values: a change of the hash would move customers between variants.
        #expect(self.members("checkout", percent: 10).sorted().prefix(5) == [5, 6, 12, 31, 37])
    }

    @Test func `the rollouts of two flags do not hit the same keys`() {
        let both = self.members("checkout", percent: 20).intersection(self.members("old", percent: 20))
        // Independent: 4 % of 10,000.
        #expect((320...480).contains(both.count))
    }

    @Test func `a definition that contradicts itself is named`() {
        var definition = FlagDefinition(variants: ["a": .boolean(true)], default: "b")
        definition.rules = [.init(serving: .variant("c")), .init(serving: .split([.init("a", 0)]))]
        #expect(
            definition.problems() == [
                "the default 'b' is no variant", "rule 1: 'c' is no variant",
                "rule 2: weights must not be negative, and not all zero",
            ])
    }
}
