import Essentials
import EssentialsTesting
import LoadBalancing
import Testing

/// Outlier ejection by the words of its page: every call is kept for ever, and each answer is counted anew from all of them.
private struct NaiveOutliers {
    struct Call {
        var interval: Int
        var isSuccess: Bool
    }

    struct Host {
        var calls: [Call] = []
        /// Calls before this one no longer belong to a row of failures.
        var rowBegins = 0
        var ejectedUntil: Tick?
        var multiplier = 0

        var failuresInARow: Int { self.calls[self.rowBegins...].reversed().prefix { !$0.isSuccess }.count }

        func rate(in interval: Int, of volume: Int) -> Double? {
            let judged = self.calls.filter { $0.interval == interval }
            guard self.ejectedUntil == nil, judged.count >= volume else { return nil }
            return Double(judged.count { $0.isSuccess }) / Double(judged.count)
        }
    }

    let rules: OutlierEjection.Configuration
    var hosts: [Host]
    var origin: Tick?
    var latest = Tick.distantPast
    var reviewed = 0

    init(_ count: Int, _ rules: OutlierEjection.Configuration) {
        self.rules = rules
        self.hosts = Array(repeating: Host(), count: count)
    }

    var ejected: [Int] { self.hosts.indices.filter { self.hosts[$0].ejectedUntil != nil } }

    mutating func record(_ host: Int, isSuccess: Bool, at now: Tick) -> [OutlierEjection.Ejection] {
        var ejections = self.pass(to: now)
        self.hosts[host].calls.append(Call(interval: self.reviewed, isSuccess: isSuccess))
        let row = self.hosts[host].failuresInARow
        guard row >= self.rules.consecutiveFailures else { return ejections }
        self.hosts[host].rowBegins = self.hosts[host].calls.count
        if let ejection = self.eject(host, .consecutiveFailures(row)) { ejections.append(ejection) }
        return ejections
    }

    mutating func pass(to now: Tick) -> [OutlierEjection.Ejection] {
        self.latest = max(self.latest, now)
        guard let origin else {
            self.origin = self.latest
            return []
        }
        let interval = Int((self.latest - origin).nanoseconds / self.rules.interval.nanoseconds)
        guard interval > self.reviewed else { return [] }
        let boundary = origin + self.rules.interval * interval
        for index in self.hosts.indices {
            guard let until = self.hosts[index].ejectedUntil else {
                self.hosts[index].multiplier = max(0, self.hosts[index].multiplier - (interval - self.reviewed))
                continue
            }
            guard until <= boundary else { continue }
            self.hosts[index].ejectedUntil = nil
            self.hosts[index].rowBegins = self.hosts[index].calls.count
        }
        let outliers = self.outliers(of: self.reviewed)
        self.reviewed = interval
        return outliers.compactMap { self.eject($0.0, $0.1) }
    }

    private func outliers(of interval: Int) -> [(Int, OutlierEjection.Ejection.Reason)] {
        let rates = self.hosts.map { $0.rate(in: interval, of: self.rules.successRateRequestVolume) }
        let known = rates.compactMap { $0 }
        guard known.count >= self.rules.successRateMinimumHosts else { return [] }
        let mean = known.reduce(0, +) / Double(known.count)
        let deviation = (known.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(known.count)).squareRoot()
        let bound = mean - self.rules.successRateDeviations * deviation
        return rates.enumerated().compactMap { host, rate in
            guard let rate, bound - rate > 1e-9 else { return nil }
            return (
                host, .successRate(percent: Int((rate * 100).rounded()), bound: Int((bound * 100).rounded()))
            )
        }
    }

    private mutating func eject(_ host: Int, _ reason: OutlierEjection.Ejection.Reason) -> OutlierEjection.Ejection? {
        guard self.hosts[host].ejectedUntil == nil else { return nil }
        let share = Double(self.ejected.count + 1) / Double(self.hosts.count)
        let isFirstOfMany = self.ejected.isEmpty && self.hosts.count > 1 && self.rules.maximumEjectionPercent > 0
        guard isFirstOfMany || share <= Double(self.rules.maximumEjectionPercent) / 100 else { return nil }
        self.hosts[host].multiplier += 1
        let time = min(self.rules.baseEjectionTime * self.hosts[host].multiplier, self.rules.maximumEjectionTime)
        self.hosts[host].ejectedUntil = self.latest + time
        return OutlierEjection.Ejection(endpoint: host, reason: reason, duration: time)
    }
}

@Suite("Outlier ejection and a model of it")
struct OutlierModelTests {
    @Test(arguments: 0..<48 as Range<UInt64>)
    func `agree over any sequence of events`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var rules = OutlierEjection.Configuration()
        rules.consecutiveFailures = Int.random(in: 1...8, using: &generator)
        rules.interval = .milliseconds(Int.random(in: 100...3_000, using: &generator))
        rules.baseEjectionTime = .milliseconds(Int.random(in: 100...5_000, using: &generator))
        rules.maximumEjectionTime = rules.baseEjectionTime * Int.random(in: 1...6, using: &generator)
        rules.maximumEjectionPercent = [0, 10, 25, 50, 100].randomElement(using: &generator)!
        rules.successRateRequestVolume = Int.random(in: 1...10, using: &generator)
        rules.successRateMinimumHosts = Int.random(in: 2...5, using: &generator)
        let hosts = [1, 2, 4, 8, 20].randomElement(using: &generator)!
        var machine = OutlierEjection.StateMachine(endpoints: hosts, rules)
        var model = NaiveOutliers(hosts, rules)
        var now = Tick(nanoseconds: Int64.random(in: 0...1_000_000_000, using: &generator))
        var sick = 0
        for _ in 0..<2_000 {
            // Sometimes a little back, because callers read the clock before they come; sometimes on the boundary itself.
            switch Int.random(in: 0..<20, using: &generator) {
            case 0: now = now.advanced(by: .zero - .milliseconds(5))
            case 1: now = now + rules.interval * Int.random(in: 1...4, using: &generator)
            default: now = now + .nanoseconds(Int64.random(in: 0...60_000_000, using: &generator))
            }
            if Int.random(in: 0..<200, using: &generator) == 0 { sick = Int.random(in: 0..<hosts, using: &generator) }
            if Int.random(in: 0..<10, using: &generator) == 0 {
                #expect(machine.advance(to: now) == model.pass(to: now))
            } else {
                let host = Int.random(in: 0..<hosts, using: &generator)
                let isSuccess = Double.random(in: 0..<1, using: &generator) < (host == sick ? 0.3 : 0.97)
                #expect(
                    machine.record(host, isSuccess: isSuccess, at: now)
                        == model.record(host, isSuccess: isSuccess, at: now))
            }
            #expect(machine.ejected == model.ejected)
        }
        #expect(hosts == 1 || rules.maximumEjectionPercent == 0 || machine.changes > 0)
    }

    @Test(arguments: [0.1, 0.5, 1.0, 1.9], 1...99)
    func `hosts that fail alike are no outliers, whatever the rate`(deviations: Double, percent: Int) {
        var rules = OutlierEjection.Configuration()
        rules.consecutiveFailures = 1_000
        rules.successRateDeviations = deviations
        var machine = OutlierEjection.StateMachine(endpoints: 7, rules)
        for host in 0..<7 {
            for call in 0..<100 { _ = machine.record(host, isSuccess: call < percent, at: .distantPast) }
        }
        #expect(machine.advance(to: .distantPast + .seconds(10)) == [])
    }
}

@Suite("Outlier ejection at its thresholds")
struct OutlierThresholdTests {
    private let start = Tick(nanoseconds: 0)

    @Test func `an ejection ends at the review at which its time is just over, not a nanosecond before`() {
        var rules = OutlierEjection.Configuration()
        rules.consecutiveFailures = 1
        var machine = OutlierEjection.StateMachine(endpoints: 2, rules)
        _ = machine.advance(to: self.start)
        _ = machine.record(0, isSuccess: false, at: self.start)
        _ = machine.advance(to: self.start + .seconds(30) + .nanoseconds(-1))
        #expect(machine.ejected == [0])
        _ = machine.advance(to: self.start + .seconds(30))
        #expect(machine.ejected == [])
    }

    @Test func `rates are compared from the volume on and with so many hosts`() {
        func ejections(calls: Int, hosts: Int) -> Int {
            var rules = OutlierEjection.Configuration()
            rules.consecutiveFailures = 1_000
            rules.successRateDeviations = 1
            var machine = OutlierEjection.StateMachine(endpoints: hosts, rules)
            for host in 0..<hosts {
                for _ in 0..<calls { _ = machine.record(host, isSuccess: host > 0, at: self.start) }
            }
            return machine.advance(to: self.start + .seconds(10)).count
        }
        #expect([99, 100].map { ejections(calls: $0, hosts: 5) } == [0, 1])
        #expect([4, 5].map { ejections(calls: 100, hosts: $0) } == [0, 1])
    }

    @Test func `a rate on the bound stays, one below it goes`() {
        // One of five at rate r, the others at 1: mean (4 + r)/5, deviation 2(1 - r)/5, so the bound at two deviations is r.
        func isEjected(deviations: Double) -> Bool {
            var rules = OutlierEjection.Configuration()
            rules.consecutiveFailures = 1_000
            rules.successRateDeviations = deviations
            var machine = OutlierEjection.StateMachine(endpoints: 5, rules)
            for host in 0..<5 {
                for call in 0..<100 { _ = machine.record(host, isSuccess: host > 0 || call < 50, at: self.start) }
            }
            return !machine.advance(to: self.start + .seconds(10)).isEmpty
        }
        #expect(!isEjected(deviations: 2))
        #expect(isEjected(deviations: 1.999))
    }

    @Test(arguments: [(19, 5, 0), (20, 5, 1), (39, 5, 1), (40, 5, 2), (100, 4, 4)])
    func `as many are ejected as the percentage allows, rounded down`(percent: Int, hosts: Int, allowed: Int) {
        var rules = OutlierEjection.Configuration()
        rules.consecutiveFailures = 1
        rules.maximumEjectionPercent = percent
        var machine = OutlierEjection.StateMachine(endpoints: hosts, rules)
        for host in 0..<hosts { _ = machine.record(host, isSuccess: false, at: self.start) }
        // One may always be.
        #expect(machine.ejected.count == max(1, allowed))
    }

    @Test func `at the panic threshold those left are used, below it all are`() {
        func candidates(ejected: Int) -> Int {
            var rules = OutlierEjection.Configuration()
            rules.consecutiveFailures = 1
            rules.maximumEjectionPercent = 100
            var machine = OutlierEjection.StateMachine(endpoints: 10, rules)
            for host in 0..<ejected { _ = machine.record(host, isSuccess: false, at: self.start) }
            return machine.selection.endpoints.count
        }
        #expect([4, 5, 6].map(candidates) == [6, 5, 10])
    }
}
