import ArgumentParser
import AsyncHTTPClient
import Essentials
import Foundation
import NIOCore
import Synchronization

/// `mainstay load`: customers in a closed loop, each placing one order after another and waiting for it to be confirmed.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Puts the load of many checkouts on a running shop and measures it.")

    @Option(help: "The gateway. Default: $MAINSTAY_URL, else http://127.0.0.1:3000")
    var url: String?

    @Option(help: "How long to go on. Default: 20")
    var seconds = 20

    @Option(help: "How many customers at once. Default: 32")
    var clients = 32

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...3_600).contains(self.seconds) else { throw ValidationError("--seconds takes 1 to 3600") }
        guard (1...1_000).contains(self.clients) else { throw ValidationError("--clients takes 1 to 1000") }
    }

    func run() async throws {
        let base = self.url ?? ProcessInfo.processInfo.environment["MAINSTAY_URL"] ?? "http://127.0.0.1:3000"
        let shop = ShopClient(base: base)
        let products = try await shop.products()
        let customers = try await (0..<min(4, self.clients)).asyncMap { _ in try await shop.newCustomer() }
        let recorder = LoadRecorder()
        let time = TimeSource.system
        let began = time.now
        let end = began + .seconds(self.seconds)
        try await withThrowingTaskGroup { group in
            for client in 0..<self.clients {
                group.addTask {
                    let customer = customers[client % customers.count]
                    var round = client
                    while time.now < end {
                        let product = products[round % products.count]
                        round += 1
                        let outcome = await shop.checkout(customer, product: product, time: time)
                        recorder.record(outcome)
                    }
                }
            }
            if !self.json { group.addTask { try await Self.showProgress(recorder, from: began, to: end, time) } }
            try await group.waitForAll()
        }
        let elapsed = (time.now - began).fractionalSeconds
        self.report(recorder.results, elapsed: elapsed)
    }

    private static func showProgress(
        _ recorder: LoadRecorder, from began: Tick, to end: Tick, _ time: TimeSource,
    ) async throws {
        while time.now < end {
            try await time.sleep(for: .milliseconds(250))
            let done = recorder.results.latencies.count
            let fraction = (time.now - began).fractionalSeconds / (end - began).fractionalSeconds
            Terminal.progress(min(0.999, fraction), "\(done) checkouts")
        }
        Terminal.progress(1, "\(recorder.results.latencies.count) checkouts")
    }

    private func report(_ results: LoadResults, elapsed: Double) {
        let rate = Double(results.latencies.count) / elapsed
        let sorted = results.latencies.sorted()
        let p = { (q: Double) in
            sorted.isEmpty ? 0 : Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * q))]) / 1e6
        }
        if self.json {
            Terminal.line(
                "{\"checkouts\":\(sorted.count),\"checkouts_per_s\":\(rate),\"p50_ms\":\(p(0.5)),\"p99_ms\":\(p(0.99)),\"failed\":\(results.failed)}"
            )
            return
        }
        Terminal.table([
            ["checkouts", "checkouts/s", "p50 ms", "p90 ms", "p99 ms", "max ms", "failed"],
            [
                "\(sorted.count)", String(format: "%.1f", rate), String(format: "%.1f", p(0.5)),
                String(format: "%.1f", p(0.9)), String(format: "%.1f", p(0.99)), String(format: "%.1f", p(1)),
                "\(results.failed)",
            ],
        ])
        for (reason, count) in results.failures.sorted(by: { $0.key < $1.key }) {
            Terminal.line("  \(count) × \(reason)")
        }
    }
}

/// Collects what all customers of a load measure.
final class LoadRecorder: Sendable {
    private let state = Mutex(LoadResults())

    var results: LoadResults { self.state.withLock { $0 } }

    func record(_ outcome: Result<Duration, ShopClient.Failure>) {
        self.state.withLock { $0.record(outcome) }
    }
}

/// What a load has measured so far.
struct LoadResults {
    /// Nanoseconds from the order to its confirmation.
    var latencies: [Int64] = []
    var failed = 0
    var failures: [String: Int] = [:]

    mutating func record(_ outcome: Result<Duration, ShopClient.Failure>) {
        switch outcome {
        case .success(let duration): self.latencies.append(duration.nanoseconds)
        case .failure(let failure):
            self.failed += 1
            self.failures[failure.message, default: 0] += 1
        }
    }
}
