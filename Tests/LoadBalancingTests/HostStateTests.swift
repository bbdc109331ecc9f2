import Essentials
import LoadBalancing
import Testing

@Suite("Hosts join, fail, drain and come back")
struct HostStateTests {
    @Test(arguments: LoadBalancer.Algorithm.allCases)
    func `only healthy hosts are chosen, and a draining one not even in a panic`(
        _ algorithm: LoadBalancer.Algorithm
    ) {
        var bench = Bench(algorithm, weights: [1, 1, 1, 1])
        bench.balancer.setPassing(0, false, at: bench.now)
        #expect(
            Set(bench.shares(500).indices.filter { bench.balancer.hosts(at: bench.now)[$0].picks > 0 }) == [1, 2, 3])
        bench.balancer.setDraining(1, true, at: bench.now)
        bench.balancer.setPassing(2, false, at: bench.now)
        bench.balancer.setPassing(3, false, at: bench.now)
        #expect(bench.balancer.isPanic)
        #expect(Set(bench.owners(500)) == [0, 2, 3])
        #expect(bench.balancer.state(of: 1) == .draining)
        #expect(bench.balancer.state(of: 2) == .unhealthy)
    }

    @Test(arguments: [(50, 2, false), (50, 3, true), (0, 3, false), (100, 1, true)])
    func `there is panic when fewer than the threshold are healthy`(_ threshold: Int, _ failing: Int, _ isPanic: Bool) {
        var bench = Bench(.roundRobin, weights: [1, 1, 1, 1]) { $0.panicThreshold = threshold }
        for slot in 0..<failing { bench.balancer.setPassing(slot, false, at: bench.now) }
        #expect(bench.balancer.isPanic == isPanic)
        #expect(Set(bench.owners(40)) == (isPanic ? [0, 1, 2, 3] : Set((failing..<4).map { $0 })))
    }

    @Test(arguments: LoadBalancer.Algorithm.allCases)
    func `without a host there is no choice, with one it is that one even if it failed before`(
        _ algorithm: LoadBalancer.Algorithm
    ) {
        var bench = Bench(algorithm, weights: [])
        #expect(bench.call() == nil)
        bench.balancer.update([BalancedHost("only")], at: bench.now)
        #expect(bench.balancer.pick(avoiding: 0, at: bench.now) == 0)
        bench.balancer.setDraining(0, true, at: bench.now)
        #expect(bench.call() == nil)
    }

    @Test(arguments: LoadBalancer.Algorithm.allCases)
    func `hosts that stay keep slots and counts while others join and leave under load`(
        _ algorithm: LoadBalancer.Algorithm
    ) {
        var bench = Bench(algorithm, weights: [1, 1, 1])
        var generator = SeededGenerator(seed: 3)
        var names = ["h0", "h1", "h2"]
        var underWay: [(slot: Int, name: String)] = []
        for step in 0..<2_000 {
            if step % 20 == 0 {
                if names.count > 2 { names.remove(at: Int(generator.next(upperBound: UInt64(names.count)))) }
                names.append("n\(step)")
                bench.balancer.update(names.map { BalancedHost($0) }, at: bench.now)
            }
            let slot = bench.balancer.pick(key: generator.next(), at: bench.now) ?? -1
            let name = bench.balancer.position(of: slot).map { names[$0] } ?? "gone"
            #expect(bench.balancer.slot(named: name) == slot)
            underWay.append((slot, name))
            if underWay.count > 30 {
                let call = underWay.remove(at: Int(generator.next(upperBound: UInt64(underWay.count))))
                if let position = bench.balancer.position(of: call.slot) { #expect(names[position] == call.name) }
                bench.balancer.ended(call.slot, .success, took: .milliseconds(1), at: bench.now)
            }
        }
        for call in underWay { bench.balancer.ended(call.slot, .success, took: .zero, at: bench.now) }
        #expect(bench.balancer.hosts(at: bench.now).allSatisfy { $0.active == 0 })
        #expect(bench.balancer.hosts(at: bench.now).map(\.name) == names)
    }

    @Test(arguments: [1.0, 2.0, 0.5])
    func `slow start follows its formula`(_ aggression: Double) {
        var start = SlowStart(window: .seconds(10))
        start.aggression = aggression
        #expect(start.share(after: .zero) == 0.1)
        for second in 1...9 {
            let progress = Double(second) / 10
            let expected =
                switch aggression {
                case 2: progress.squareRoot()
                case 0.5: progress * progress
                default: progress
                }
            #expect(abs(start.share(after: .seconds(second)) - max(0.1, expected)) < 1e-9)
        }
        #expect(start.share(after: .seconds(10)) == 1)
    }

    @Test(arguments: [LoadBalancer.Algorithm.leastRequest, .weightedRoundRobin])
    func `a host that joins gets as many calls as the ramp allows, one that was there from the start all`(
        _ algorithm: LoadBalancer.Algorithm
    ) {
        var bench = Bench(algorithm, weights: [1, 1]) { $0.slowStart = SlowStart(window: .seconds(10)) }
        #expect(bench.shares(2_000)[0] > 900)
        bench.balancer.update(Bench.hosts([1, 1, 1]), at: bench.now)
        for second in 1...10 {
            // A hundredth of a second before each second ends, the share that was set last is at most 0.1 s old.
            bench.now = .milliseconds(Int64(second) * 1_000)
            _ = bench.call()
            let before = bench.balancer.hosts(at: bench.now)[2].picks
            _ = bench.shares(6_000)
            let got = Double(bench.balancer.hosts(at: bench.now)[2].picks - before) / 6_000
            let share = Double(second) / 10
            #expect(abs(got - share / (2 + share)) < 0.02, "second \(second): \(got)")
        }
        #expect(bench.balancer.hosts(at: bench.now).map(\.share) == [1, 1, 1])
    }

    @Test(arguments: LoadBalancer.Algorithm.allCases)
    func `a host that joins in front of others takes nobody's place`(_ algorithm: LoadBalancer.Algorithm) {
        var bench = Bench(algorithm, weights: [1])
        let old = bench.balancer.hosts(at: bench.now)[0]
        bench.balancer.update([BalancedHost("new"), BalancedHost(old.name)], at: bench.now)
        let hosts = bench.balancer.hosts(at: bench.now)
        #expect(hosts.map(\.name) == ["new", old.name])
        #expect(hosts[1].slot == old.slot && hosts[0].slot != old.slot)
        #expect(bench.balancer.position(of: old.slot) == 1)
    }

    @Test func `five failures in a row eject a host, for as long as outlier ejection says, and it ramps up again`() {
        var bench = Bench(.roundRobin, weights: [1, 1, 1]) { $0.slowStart = SlowStart(window: .seconds(10)) }
        _ = bench.shares(3)
        for _ in 0..<5 {
            bench.balancer.setDraining(1, true, at: bench.now)
            bench.balancer.setDraining(2, true, at: bench.now)
            _ = bench.call(.failure)
            bench.balancer.setDraining(1, false, at: bench.now)
            bench.balancer.setDraining(2, false, at: bench.now)
        }
        #expect(bench.balancer.state(of: 0) == .ejected)
        #expect(Set(bench.owners(50)) == [1, 2])
        bench.now = .milliseconds(29_000)
        #expect(!bench.owners(50).contains(0))
        bench.now = .milliseconds(41_000)
        #expect(Set(bench.owners(50)) == [0, 1, 2])
        #expect(bench.balancer.hosts(at: bench.now)[0].share < 1)
    }

    @Test func `a call that was cancelled says nothing about its host`() {
        var bench = Bench(.roundRobin, weights: [1])
        for _ in 0..<100 { _ = bench.call(.cancelled) }
        #expect(bench.balancer.state(of: 0) == .healthy)
    }

    @Test(arguments: LoadBalancer.Algorithm.allCases, [1, 7] as [UInt64])
    func `the same seed and calls give the same choices`(_ algorithm: LoadBalancer.Algorithm, _ seed: UInt64) {
        var one = Bench(algorithm, weights: [1, 2, 3], seed: seed)
        var two = Bench(algorithm, weights: [1, 2, 3], seed: seed)
        #expect(one.owners(500) == two.owners(500))
    }

    @Test func `a configuration that cannot be used says what is wrong with each setting`() {
        var configuration = LoadBalancer.Configuration()
        #expect(configuration.problems() == [])
        configuration.panicThreshold = 101
        configuration.ringPoints = 0
        configuration.loadBound = 1
        configuration.maglevPlaces = 65_536
        configuration.decay = .zero
        configuration.slowStart.aggression = 0
        configuration.outliers?.consecutiveFailures = 0
        #expect(configuration.problems().count == 7)
    }
}

@Suite("Active checks")
struct ActiveCheckTests {
    private func tick(_ seconds: Int64) -> Tick { .milliseconds(seconds * 1_000) }

    @Test func `a host is asked every ten seconds, every second while it fails`() {
        var check = ActiveCheck(at: self.tick(0))
        #expect(check.begin(at: self.tick(0)) == true)
        #expect(check.begin(at: self.tick(0)) == false)
        #expect(check.answered(nil, at: self.tick(1)) == false)
        #expect(check.due == self.tick(10))
        #expect(check.begin(at: self.tick(9)) == false)
        #expect(check.begin(at: self.tick(10)) == true)
        #expect(check.answered("it answered 500", at: self.tick(10)) == true)
        #expect(check.state == .failing("it answered 500"))
        #expect(check.due == self.tick(11))
        #expect(check.begin(at: self.tick(11)) == true)
        #expect(check.answered(nil, at: self.tick(11)) == true)
        #expect(check.isPassing)
    }

    @Test func `a check without an answer has failed after five seconds, and its late answer counts for nothing`() {
        var check = ActiveCheck(at: self.tick(0))
        #expect(check.begin(at: self.tick(0)) == true)
        #expect(check.due == self.tick(5))
        #expect(check.expire(at: self.tick(4)) == false)
        #expect(check.expire(at: self.tick(5)) == true)
        #expect(check.state == .failing("Health check timeout"))
        #expect(check.answered(nil, at: self.tick(6)) == false)
        #expect(!check.isPassing)
    }

    @Test func `as many checks in a row as configured turn the state, and one against them begins anew`() {
        var configuration = ActiveCheck.Configuration()
        configuration.failuresToFail = 3
        configuration.successesToPass = 2
        var check = ActiveCheck(configuration, at: self.tick(0))
        var now: Int64 = 0
        func answer(_ failure: String?) -> Bool {
            now += 10
            #expect(check.begin(at: self.tick(now)) == true)
            return check.answered(failure, at: self.tick(now))
        }
        #expect([nil, "x", "x", nil, "x", "x"].map(answer) == [false, false, false, false, false, false])
        #expect(answer("x") == true)
        #expect([nil, "x", nil].map(answer) == [false, false, false])
        #expect(answer(nil) == true)
    }
}
