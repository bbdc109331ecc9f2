import Essentials
import EssentialsTesting
import Foundation
import Telemetry
import Testing

@Suite struct AnomalyTests {
    private let start = ManualWallClock().now

    /// Logarithmically normal times, as services have them.
    private struct Load {
        var chance: Chance

        func seconds(around median: Double, spread: Double = 0.6) -> Double {
            let normal = sqrt(-2 * log(1 - self.chance.fraction())) * cos(2 * .pi * self.chance.fraction())
            return median * exp(spread * normal)
        }
    }

    private func trace(_ load: Load, payments: Double, fails: Bool, at second: Double) -> Trace {
        let own = load.seconds(around: 0.004)
        let charge = load.seconds(around: payments)
        func span(
            _ name: String, _ id: UInt64, _ parent: UInt64?, _ from: Double, _ to: Double, _ service: String,
            _ kind: SpanRecord.Kind, error: String? = nil
        ) -> SpanRecord {
            var span = SpanRecord.sample(
                name, id: id, parent: parent, 0...1, service: service, kind: kind, error: error)
            span.start = Int64((second + from) * 1e9)
            span.end = Int64((second + to) * 1e9)
            return span
        }
        let error = fails ? "declined by nobody" : nil
        return Trace([
            span("POST /v1/orders", 1, nil, 0, own + charge, "orders", .server, error: error),
            span("charge", 2, 1, own / 2, own / 2 + charge, "orders", .client, error: error),
            span("POST /charges", 3, 2, own / 2, own / 2 + charge, "payments", .server, error: error),
        ])
    }

    /// Ten orders each ten seconds; from `trouble` on payments are as told.
    private func play(
        seed: UInt64, minutes: Int, trouble: Int, slowdown: Double, failing: Double
    ) -> [(second: Int, change: AnomalyDetector.Change)] {
        let load = Load(chance: Chance(seed: seed))
        var detector = AnomalyDetector()
        var changes: [(Int, AnomalyDetector.Change)] = []
        for second in stride(from: 0, to: minutes * 60, by: 10) {
            let isTroubled = second >= trouble
            for _ in 0..<10 {
                let fails = load.chance.fraction() < (isTroubled ? failing : 0.01)
                detector.add(
                    self.trace(
                        load, payments: isTroubled ? 0.02 * slowdown : 0.02, fails: fails, at: Double(second)))
            }
            for change in detector.advance(to: self.start + .seconds(second + 10)) {
                changes.append((second + 10, change))
            }
        }
        return changes
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `a slow-down is named within a minute, and so is who causes it`(seed: UInt64) {
        let changes = self.play(seed: seed, minutes: 20, trouble: 600, slowdown: 4, failing: 0.01)
        #expect(changes.count == 1, "\(changes)")
        guard case .raised(let anomaly)? = changes.first?.change else { return }
        #expect((600...660).contains(changes[0].second))
        #expect(anomaly.symptom == .latency)
        #expect(anomaly.component == TimeShares.Component(service: "payments"), "orders waits, payments is slow")
        #expect(anomaly.observed > 2 * anomaly.usual)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `a burst of errors is named where it arises`(seed: UInt64) {
        let changes = self.play(seed: seed, minutes: 15, trouble: 600, slowdown: 1, failing: 0.9)
        #expect(changes.count == 1, "\(changes)")
        guard case .raised(let anomaly)? = changes.first?.change else { return }
        #expect((600...660).contains(changes[0].second))
        #expect(anomaly.symptom == .errors && anomaly.component.service == "payments")
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func `a quiet day has at most one false alarm`(seed: UInt64) {
        let load = Load(chance: Chance(seed: seed))
        var detector = AnomalyDetector()
        var alarms = 0
        for second in stride(from: 0, to: 86_400, by: 10) {
            // More is asked by day, which makes everything a third slower.
            let day = 1 - cos(2 * .pi * Double(second) / 86_400)
            for _ in 0..<6 + Int(6 * day) {
                for (service, median) in [("orders", 0.01), ("payments", 0.03), ("catalog", 0.002)] {
                    detector.add(
                        TimeShares.Share(
                            component: TimeShares.Component(service: service),
                            time: .nanoseconds(Int64(load.seconds(around: median * (1 + day / 6)) * 1e9)),
                            isError: load.chance.fraction() < 0.005))
                }
            }
            alarms += detector.advance(to: self.start + .seconds(second + 10)).count
        }
        #expect(alarms <= 1)
    }

    @Test func `it ends when everything is as before, and what lasts becomes the usual`() {
        var detector = AnomalyDetector()
        var changes: [String] = []
        func run(_ intervals: Range<Int>, _ milliseconds: Int) {
            for interval in intervals {
                for _ in 0..<10 {
                    detector.add(
                        TimeShares.Share(
                            component: TimeShares.Component(service: "s", dependency: "sqlite"),
                            time: .milliseconds(milliseconds + interval % 3), isError: false))
                }
                for change in detector.advance(to: self.start + .seconds((interval + 1) * 10)) {
                    switch change {
                    case .raised(let anomaly): changes.append("+\(anomaly.component.dependency ?? "") \(interval)")
                    case .ended: changes.append("- \(interval)")
                    }
                }
            }
        }
        run(0..<20, 10)
        run(20..<30, 100)
        run(30..<40, 10)
        run(40..<300, 100)
        #expect(changes == ["+sqlite 21", "- 32", "+sqlite 41", "- 219"])
        #expect(detector.anomalies.isEmpty)
    }

    @Test func `time is charged to whoever spent it`() {
        let trace = Trace([
            .sample("root", id: 1, 0...100, service: "orders"),
            .sample("step", id: 2, parent: 1, 5...95, service: "orders", kind: .internal),
            .sample(
                "query", id: 3, parent: 2, 10...30, service: "orders", kind: .client, error: "locked",
                attributes: [Attribute("db.system.name", "sqlite")]),
            .sample("call", id: 4, parent: 2, 20...60, service: "orders", kind: .client),
            .sample("charge", id: 5, parent: 4, 25...55, service: "payments", remote: true),
        ])
        let shares = TimeShares(trace).shares.sorted { $0.component < $1.component }
        #expect(shares.map(\.component.service) == ["orders", "orders", "payments"])
        #expect(shares.map(\.component.dependency) == [nil, "sqlite", nil])
        #expect(shares.map(\.time) == [.milliseconds(50), .milliseconds(20), .milliseconds(30)])
        #expect(shares.map(\.isError) == [false, true, false])
    }
}
