import Essentials
import EssentialsTesting
import Resilience
import Testing

/// The controller as its page describes it, with every time of a window in a list.
private struct NaiveController {
    let rules: AdaptiveLimit.Configuration
    var limit: Double
    var restore: Double?
    var since: Tick?
    var start = Tick.distantPast
    var times: [Duration] = []
    var peak = 0
    var timedOut = false
    var baseline: Duration?
    var limitOfBaseline = 0.0

    init(_ rules: AdaptiveLimit.Configuration) {
        self.rules = rules
        self.limit = Double(rules.initialLimit)
    }

    var whole: Int { self.restore.map { max(self.rules.minimumLimit, Int($0 / 2)) } ?? Int(self.limit) }

    mutating func ended(from began: Tick, at now: Tick, _ signal: AdaptiveLimit.Controller.Signal) {
        if self.since == nil { (self.since, self.start) = (now, now) }
        guard began >= self.start || self.baseline == nil else { return }
        if signal != .unrelated { self.times.append(now - began) }
        if signal == .timedOut { self.timedOut = true }
        guard now - self.start >= self.rules.window, self.times.count >= self.rules.minimumSamples else { return }
        // The median, as coarse as a histogram tells it.
        var one = LatencyHistogram()
        one.record(self.times.sorted()[(self.times.count + 1) / 2 - 1])
        self.close(one.quantile(1), at: now)
        (self.times, self.peak, self.timedOut, self.start) = ([], 0, false, now)
    }

    private mutating func close(_ median: Duration, at now: Tick) {
        if let restore {
            (self.baseline, self.limitOfBaseline, self.limit) = (median, restore, restore)
            (self.restore, self.since) = (nil, now)
            return
        }
        if let known = self.baseline, self.limit > self.limitOfBaseline / 2 {
            if median < known { self.baseline = known - (known - median) / 10 }
        } else {
            (self.baseline, self.limitOfBaseline) = (median, self.limit)
        }
        let allowed = Double(self.baseline!.nanoseconds) * (1 + self.rules.tolerance)
        var gradient = min(1, max(0.5, allowed / Double(max(1, median.nanoseconds))))
        if self.timedOut { gradient = min(gradient, 0.9) }
        var next = self.limit * gradient
        if !self.timedOut, gradient < 1 || self.peak >= self.whole { next += self.limit.squareRoot() }
        self.limit = min(max(next, Double(self.rules.minimumLimit)), Double(self.rules.maximumLimit))
        if now - self.since! >= self.rules.probeInterval { self.restore = self.limit }
    }
}

@Suite("The adaptive limit and a model of it")
struct AdaptiveLimitModelTests {
    @Test(arguments: 0..<48 as Range<UInt64>)
    func `agree over any sequence of events`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var rules = AdaptiveLimit.Configuration()
        rules.window = .milliseconds(100)
        rules.minimumSamples = Int.random(in: 1...10, using: &generator)
        rules.initialLimit = Int.random(in: 1...100, using: &generator)
        rules.minimumLimit = Int.random(in: 1...rules.initialLimit, using: &generator)
        rules.maximumLimit = Int.random(in: rules.initialLimit...200, using: &generator)
        rules.probeInterval = .milliseconds(Int.random(in: 200...2_000, using: &generator))
        var controller = AdaptiveLimit.Controller(rules)
        var model = NaiveController(rules)
        var now = Tick.seconds(1)
        var limits: Set<Int> = []
        for _ in 0..<3_000 {
            now = now + .milliseconds(Int.random(in: 0...20, using: &generator))
            if Bool.random(using: &generator) {
                let running = Int.random(in: 1...max(1, controller.limit), using: &generator)
                controller.started(running: running)
                model.peak = max(model.peak, running)
            } else {
                let took = Duration.milliseconds(Int.random(in: 0...60, using: &generator))
                let signal: AdaptiveLimit.Controller.Signal =
                    switch Int.random(in: 0..<5, using: &generator) {
                    case 0: .unrelated
                    case 1: .timedOut
                    default: .answered
                    }
                controller.ended(from: now.advanced(by: .zero - took), at: now, signal)
                model.ended(from: now.advanced(by: .zero - took), at: now, signal)
            }
            #expect(controller.limit == model.whole)
            #expect(controller.baseline == model.baseline)
            #expect((rules.minimumLimit...rules.maximumLimit).contains(controller.limit))
            limits.insert(controller.limit)
        }
        #expect(limits.count > 1 || rules.minimumLimit == rules.maximumLimit)
    }
}
