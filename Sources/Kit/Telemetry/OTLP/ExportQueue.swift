import Essentials

/// Records that wait for export: bounded, and the newest is what is refused when it is full.
struct ExportQueue<Record: Sendable> {
    private var records: [Record] = []
    private let capacity: Int
    private(set) var dropped = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { self.records.count }

    mutating func add(_ more: [Record]) {
        let room = max(0, self.capacity - self.records.count)
        self.records += more.prefix(room)
        self.dropped += max(0, more.count - room)
    }

    /// The oldest ones, at most `count`.
    mutating func take(_ count: Int) -> [Record] {
        let batch = Array(self.records.prefix(count))
        self.records.removeFirst(batch.count)
        return batch
    }
}

/// Decides what becomes of a batch after each attempt, as OTLP/HTTP has it: 429, 502, 503, 504 and a lost connection are
/// tried again with growing pauses, everything else is final.
struct ExportAttempts {
    enum Outcome: Equatable {
        case delivered(rejected: Int, reason: String)
        case retry(after: Duration)
        /// Given up, and why.
        case lost(String)
    }

    private let configuration: OTLPExporter.Configuration
    private let began: Tick
    private var pause: Duration
    private(set) var count = 0

    init(_ configuration: OTLPExporter.Configuration, at now: Tick) {
        self.configuration = configuration
        self.began = now
        self.pause = configuration.initialPause
    }

    /// - Parameter answer: nil when there was none.
    mutating func ended(_ answer: OTLPAnswer?, at now: Tick, chance: Double) -> Outcome {
        self.count += 1
        if let answer {
            if (200..<300).contains(answer.status) {
                let rejected = OTLPResponse.rejected(in: answer.body)
                return .delivered(rejected: rejected.count, reason: rejected.reason)
            }
            guard [429, 502, 503, 504].contains(answer.status) else { return .lost("status \(answer.status)") }
        }
        // The pause is between half and all of what it may be: collectors that come back are not met by everybody at once.
        let drawn = self.pause / 2 + self.pause / 2 * chance
        self.pause = min(self.configuration.maximumPause, self.pause * 2)
        let asked = answer?.retryAfter.flatMap { Int64($0) }.map { Duration.seconds(max(0, min($0, 86_400))) }
        let wait = max(asked ?? .zero, drawn)
        guard now + wait < self.began + self.configuration.patience else {
            return .lost(answer.map { "status \($0.status)" } ?? "no answer")
        }
        return .retry(after: wait)
    }
}
