public import Essentials
import Synchronization

/// Sends traces, metrics and logs to a collector over OTLP/HTTP.
///
/// What is handed to it waits in bounded queues, one for each signal; handing over never blocks and never fails. When the
/// collector is down or slow the queues fill up, and what comes then is dropped and counted.
public final class OTLPExporter: LogSink {
    public struct Configuration: Sendable {
        /// How long records wait for others. Default: 1 second.
        public var interval: Duration = .seconds(1)
        /// How often metrics are sent. Default: 15 seconds.
        public var metricInterval: Duration = .seconds(15)
        /// How many records one request carries. Default: 512.
        public var batchSize = 512
        /// How many spans, and how many log records, wait at most. Default: 8,192.
        public var capacity = 8_192
        /// How long one attempt may take. Default: 10 seconds.
        public var timeout: Duration = .seconds(10)
        /// The first pause between two attempts; each is twice the one before, less up to a half by chance.
        /// Default: 1 second.
        public var initialPause: Duration = .seconds(1)
        /// The longest pause. Default: 30 seconds.
        public var maximumPause: Duration = .seconds(30)
        /// For how long a batch is tried. Default: 1 minute.
        public var patience: Duration = .seconds(60)

        public init() {}
    }

    /// What became of the records of one signal.
    public struct Counters: Hashable, Sendable {
        /// Taken by the collector.
        public var sent = 0
        /// Refused by the collector while it took the rest of the request.
        public var rejected = 0
        /// Dropped because the queue was full.
        public var overflowed = 0
        /// Given up after the last attempt, or refused for good.
        public var lost = 0
        /// Attempts that were made again.
        public var retries = 0
        /// Why records were rejected or lost the last time.
        public var lastFailure: String?
    }

    private struct State {
        var spans: ExportQueue<SpanRecord>
        var logs: ExportQueue<LogRecord>
        var counters: [OTLPSignal: Counters] = [:]
    }

    private let state: Mutex<State>
    private let configuration: Configuration
    private let sender: any OTLPSender
    private let metrics: @Sendable () -> [MetricFamily]
    private let chance: Chance
    private let time: TimeSource

    /// - Parameter metrics: everything as it stands, asked each `metricInterval`.
    public init(
        _ configuration: Configuration = Configuration(), sender: any OTLPSender,
        metrics: @escaping @Sendable () -> [MetricFamily] = { [] }, chance: Chance = .system,
        time: TimeSource = .system
    ) {
        precondition(
            configuration.batchSize > 0 && configuration.capacity > 0 && configuration.interval > .zero,
            "an exporter needs room and time")
        self.state = Mutex(
            State(
                spans: ExportQueue(capacity: configuration.capacity),
                logs: ExportQueue(capacity: configuration.capacity)))
        self.configuration = configuration
        self.sender = sender
        self.metrics = metrics
        self.chance = chance
        self.time = time
    }

    /// Takes spans, as from ``TailSampler``.
    public func export(_ spans: [SpanRecord]) { self.state.withLock { $0.spans.add(spans) } }

    /// Takes a log record.
    public func log(_ record: LogRecord) { self.state.withLock { $0.logs.add([record]) } }

    public func counters(_ signal: OTLPSignal) -> Counters {
        self.state.withLock { state in
            var counters = state.counters[signal] ?? Counters()
            switch signal {
            case .traces: counters.overflowed = state.spans.dropped
            case .logs: counters.overflowed = state.logs.dropped
            case .metrics: break
            }
            return counters
        }
    }

    /// Sends until it is cancelled. What waits then stays: call ``flush()`` for it before, or after.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.repeating(self.configuration.interval) { await self.flushTraces() } }
            group.addTask { await self.repeating(self.configuration.interval) { await self.flushLogs() } }
            group.addTask { await self.repeating(self.configuration.metricInterval) { await self.sendMetrics() } }
        }
    }

    /// Sends everything that waits now, and the metrics as they stand.
    public func flush() async {
        await self.flushTraces()
        await self.flushLogs()
        await self.sendMetrics()
    }

    private func repeating(_ interval: Duration, _ step: () async -> Void) async {
        while !Task.isCancelled {
            do {
                try await self.time.sleep(for: interval)
            } catch {
                return
            }
            await step()
        }
    }

    private func flushTraces() async {
        var waiting = self.state.withLock { $0.spans.count }
        while waiting > 0 {
            let batch = self.state.withLock { $0.spans.take(min(waiting, self.configuration.batchSize)) }
            waiting -= batch.count
            await self.deliver(OTLPRequest(signal: .traces, body: OTLPEncoder.traces(batch)), count: batch.count)
        }
    }

    private func flushLogs() async {
        var waiting = self.state.withLock { $0.logs.count }
        while waiting > 0 {
            let batch = self.state.withLock { $0.logs.take(min(waiting, self.configuration.batchSize)) }
            waiting -= batch.count
            await self.deliver(OTLPRequest(signal: .logs, body: OTLPEncoder.logs(batch)), count: batch.count)
        }
    }

    private func sendMetrics() async {
        let families = self.metrics().filter { !$0.points.isEmpty }
        guard !families.isEmpty else { return }
        await self.deliver(
            OTLPRequest(signal: .metrics, body: OTLPEncoder.metrics(families)),
            count: families.reduce(0) { $0 + $1.points.count })
    }

    /// Tries until the collector has the request, refuses it for good, or patience ends.
    private func deliver(_ request: OTLPRequest, count: Int) async {
        var attempts = ExportAttempts(self.configuration, at: self.time.now)
        while true {
            let answer = await self.attempt(request)
            let outcome = attempts.ended(answer, at: self.time.now, chance: self.chance.fraction())
            switch outcome {
            case .delivered(let rejected, let reason):
                let rejected = min(count, max(0, rejected))
                return self.count(request.signal) { counters in
                    counters.sent += count - rejected
                    counters.rejected += rejected
                    if !reason.isEmpty { counters.lastFailure = reason }
                }
            case .lost(let reason):
                return self.count(request.signal) { counters in
                    counters.lost += count
                    counters.lastFailure = reason
                }
            case .retry(let pause):
                self.count(request.signal) { $0.retries += 1 }
                do {
                    try await self.time.sleep(for: pause)
                } catch {
                    return self.count(request.signal) { counters in
                        counters.lost += count
                        counters.lastFailure = "stopped"
                    }
                }
            }
        }
    }

    /// One attempt: nil when nothing was answered in time.
    private func attempt(_ request: OTLPRequest) async -> OTLPAnswer? {
        do {
            return try await self.sender.send(
                request, deadline: Deadline(at: self.time.now + self.configuration.timeout))
        } catch {
            self.count(request.signal) { $0.lastFailure = "\(type(of: error))" }
            return nil
        }
    }

    private func count(_ signal: OTLPSignal, _ change: (inout Counters) -> Void) {
        self.state.withLock { change(&$0.counters[signal, default: Counters()]) }
    }
}
