public import Essentials

/// Why a request goes where it goes: every route in the order in which it is asked, and what kept it from being the one.
public struct RouteExplanation: Hashable, Sendable {
    /// One route.
    public struct Step: Hashable, Sendable {
        public var route: String
        /// The conditions that the request does not meet, each as a sentence; empty when it fits.
        public var failures: [String]
        /// Whether it is the one that decided.
        public var isChosen: Bool
    }

    public var decision: RouteDecision
    /// What happens, in a sentence.
    public var summary: String
    public var steps: [Step]

    /// The chosen route and those that were asked before it.
    public var asked: [Step] {
        guard let chosen = self.steps.firstIndex(where: \.isChosen) else { return self.steps }
        return Array(self.steps[...chosen])
    }

    public var json: JSONValue {
        [
            "summary": .string(self.summary),
            "route": self.steps.first(where: \.isChosen).map { .string($0.route) } ?? .null,
            "routes": .array(
                self.steps.map { step in
                    [
                        "name": .string(step.route), "chosen": .bool(step.isChosen),
                        "fits": .bool(step.failures.isEmpty), "failures": .array(step.failures.map { .string($0) }),
                    ]
                }),
        ]
    }
}
