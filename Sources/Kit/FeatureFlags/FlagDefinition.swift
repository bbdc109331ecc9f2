import Resilience

/// A flag: its variants, and who gets which.
public struct FlagDefinition: Hashable, Sendable {
    /// What a rule asks of an attribute of the context.
    public enum Condition: Hashable, Sendable {
        case equals(FlagValue)
        case isOneOf([FlagValue])
        case hasPrefix(String)
        case hasSuffix(String)
        case isAtLeast(Double)

        func holds(for value: FlagValue?) -> Bool {
            guard let value else { return false }
            switch (self, value) {
            case (.equals(let wanted), _): return value == wanted
            case (.isOneOf(let wanted), _): return wanted.contains(value)
            case (.hasPrefix(let prefix), .string(let text)): return text.hasPrefix(prefix)
            case (.hasSuffix(let suffix), .string(let text)): return text.hasSuffix(suffix)
            case (.isAtLeast(let bound), .integer(let number)): return Double(number) >= bound
            case (.isAtLeast(let bound), .double(let number)): return number >= bound
            case (.hasPrefix, _), (.hasSuffix, _), (.isAtLeast, _): return false
            }
        }
    }

    /// What those whom a rule matches get.
    public enum Serving: Hashable, Sendable {
        /// All of them this variant.
        case variant(String)
        /// Each of them one of these, in proportion to the weights, and always the same one.
        case split([Share])
    }

    /// A variant's part of a rollout.
    public struct Share: Hashable, Sendable {
        public var variant: String
        /// In parts of the sum of all weights.
        public var weight: Int

        public init(_ variant: String, _ weight: Int) {
            self.variant = variant
            self.weight = weight
        }
    }

    /// Who gets what. The first rule whose conditions all hold is the one.
    public struct Rule: Hashable, Sendable {
        /// By the name of the attribute; `targetingKey` is one too.
        public var conditions: [String: Condition]
        public var serving: Serving

        public init(_ conditions: [String: Condition] = [:], serving: Serving) {
            self.conditions = conditions
            self.serving = serving
        }
    }

    /// The values that the flag can have, by name. Not empty.
    public var variants: [String: FlagValue]
    /// The variant of those whom no rule matches. One of the variants.
    public var defaultVariant: String
    /// A flag that is off has the caller's default. Default: true.
    public var isEnabled = true
    /// Default: none.
    public var rules: [Rule] = []

    /// - Parameters:
    ///   - variants: the values that the flag can have, by name.
    ///   - defaultVariant: that of those whom no rule matches.
    public init(variants: [String: FlagValue], default defaultVariant: String) {
        self.variants = variants
        self.defaultVariant = defaultVariant
    }

    /// On or off for everybody.
    public static func boolean(_ isOn: Bool) -> FlagDefinition {
        FlagDefinition(variants: ["on": .boolean(true), "off": .boolean(false)], default: isOn ? "on" : "off")
    }

    /// On for so many percent of the targeting keys, always the same ones; raising the share only adds to them.
    /// - Parameter percent: in 0...100.
    public static func rollout(percent: Int) -> FlagDefinition {
        precondition((0...100).contains(percent), "a share lies in 0...100 percent, not \(percent)")
        var definition = Self.boolean(false)
        definition.rules = [Rule(serving: .split([Share("on", percent), Share("off", 100 - percent)]))]
        return definition
    }

    /// Everything that is wrong with it, as sentences.
    public func problems() -> [String] {
        var problems: [String] = []
        if self.variants[self.defaultVariant] == nil {
            problems.append("the default '\(self.defaultVariant)' is no variant")
        }
        for (number, rule) in self.rules.enumerated() {
            let named: [String]
            switch rule.serving {
            case .variant(let variant): named = [variant]
            case .split(let shares):
                named = shares.map(\.variant)
                if shares.contains(where: { $0.weight < 0 }) || shares.reduce(0, { $0 + $1.weight }) < 1 {
                    problems.append("rule \(number + 1): weights must not be negative, and not all zero")
                }
            }
            problems += named.filter { self.variants[$0] == nil }.map { "rule \(number + 1): '\($0)' is no variant" }
        }
        return problems
    }
}

extension FlagDefinition {
    /// What the flag is in a context.
    func resolve(_ flag: String, in context: FlagContext) throws(FlagError) -> FlagResolution {
        guard self.isEnabled else { return try self.resolution(self.defaultVariant, .disabled) }
        let rule = self.rules.first { rule in rule.conditions.allSatisfy { $1.holds(for: context[$0]) } }
        switch rule?.serving {
        case nil: return try self.resolution(self.defaultVariant, self.rules.isEmpty ? .static : .default)
        case .variant(let variant): return try self.resolution(variant, .targetingMatch)
        case .split(let shares):
            guard let key = context.targetingKey else { throw .targetingKeyMissing }
            return try self.resolution(Self.choose(shares, flag: flag, key: key), .split)
        }
    }

    private func resolution(_ variant: String, _ reason: FlagReason) throws(FlagError) -> FlagResolution {
        guard let value = self.variants[variant] else { throw .general }
        return FlagResolution(value: value, variant: variant, reason: reason)
    }

    /// The hash of flag and key puts a key on a point of the line of weights. Of another flag it is another point, so
    /// that not always the same people are the first.
    private static func choose(_ shares: [Share], flag: String, key: String) -> String {
        let sum = shares.reduce(0) { $0 + $1.weight }
        // A fine grid first, so that weights may change their sum without moving everybody.
        let point = StableHash.of("\(flag)/\(key)", below: 1_000_000)
        var end = 0
        for share in shares {
            end += share.weight
            if point < end * 1_000_000 / sum { return share.variant }
        }
        return shares[shares.count - 1].variant
    }
}
