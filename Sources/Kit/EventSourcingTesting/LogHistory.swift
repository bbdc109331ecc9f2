public import Essentials
public import EventSourcing
import Synchronization

/// What writers and readers of one store saw during a concurrent run, to be judged by the names of anomalies.
///
/// ```swift
/// let history = LogHistory()
/// // writers: history.acknowledged(…) or history.refused(…); readers: history.observed(…)
/// #expect(history.anomalies(in: log) == [])
/// ```
public final class LogHistory: Sendable {
    private struct State {
        var acknowledged: [[RecordedEvent]] = []
        var refused: Set<UniqueID> = []
        var observations: [Int: [[UniqueID]]] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// A transaction was acknowledged with these events, all that it appended, at these places.
    public func acknowledged(_ events: [RecordedEvent]) {
        self.state.withLock { $0.acknowledged.append(events) }
    }

    /// A transaction that would have appended these events was refused.
    public func refused(_ events: [NewEvent]) {
        self.state.withLock { $0.refused.formUnion(events.map(\.id)) }
    }

    /// A reader read the log from its beginning. Observations of one reader are told in their order.
    public func observed(_ log: [RecordedEvent], by reader: Int) {
        self.state.withLock { $0.observations[reader, default: []].append(log.map(\.id)) }
    }

    public var acknowledgedTransactions: Int { self.state.withLock(\.acknowledged.count) }
    public var refusedEvents: Int { self.state.withLock(\.refused.count) }
    public var observationCount: Int { self.state.withLock { $0.observations.values.reduce(0) { $0 + $1.count } } }

    /// Everything in the history that does not fit `log`, the whole log at the end.
    public func anomalies(in log: [RecordedEvent]) -> [LogAnomaly] {
        let state = self.state.withLock { $0 }
        return Self.numbering(log) + Self.writes(state.acknowledged, refused: state.refused, log)
            + state.observations.sorted { $0.key < $1.key }.flatMap { reader, observations in
                Self.reads(observations, by: reader, transactions: state.acknowledged, log)
            }
    }

    private static func numbering(_ log: [RecordedEvent]) -> [LogAnomaly] {
        var anomalies: [LogAnomaly] = []
        var versions: [StreamID: Int64] = [:]
        var ids: Set<UniqueID> = []
        for (index, event) in log.enumerated() {
            if event.position.value != Int64(index) + 1 { anomalies.append(.gap(at: Position(Int64(index) + 1))) }
            versions[event.stream, default: 0] += 1
            if event.version.value != versions[event.stream] {
                anomalies.append(.versionGap(event.stream, at: event.position))
            }
            if !ids.insert(event.id).inserted { anomalies.append(.duplicate(event.id)) }
        }
        return anomalies
    }

    private static func writes(
        _ transactions: [[RecordedEvent]], refused: Set<UniqueID>, _ log: [RecordedEvent],
    ) -> [LogAnomaly] {
        var anomalies: [LogAnomaly] = []
        let places = Dictionary(log.map { ($0.id, $0) }) { first, _ in first }
        var winners: [String: UniqueID] = [:]
        for transaction in transactions {
            for event in transaction {
                if places[event.id] != event { anomalies.append(.lostAppend(event.id)) }
                if winners.updateValue(event.id, forKey: "\(event.stream)@\(event.version)") != nil {
                    anomalies.append(.twoWinners(event.stream, event.version))
                }
            }
            let positions = transaction.map(\.position.value)
            if let first = positions.first, positions != Array(first..<first + Int64(positions.count)) {
                anomalies.append(.tornTransaction(at: Position(first)))
            }
        }
        anomalies += log.filter { refused.contains($0.id) }.map { .refusedButKept($0.id) }
        return anomalies
    }

    private static func reads(
        _ observations: [[UniqueID]], by reader: Int, transactions: [[RecordedEvent]], _ log: [RecordedEvent],
    ) -> [LogAnomaly] {
        var anomalies: [LogAnomaly] = []
        let order = log.map(\.id)
        // The positions at which a transaction is only half over.
        let inside = Set(transactions.flatMap { $0.dropLast().map(\.position.value) })
        var seen = 0
        for observation in observations {
            if !order.starts(with: observation) { anomalies.append(.noPrefix(reader: reader)) }
            if observation.count < seen { anomalies.append(.nonMonotonicRead(reader: reader)) }
            if inside.contains(Int64(observation.count)) {
                anomalies.append(.halfATransaction(reader: reader, at: Position(Int64(observation.count))))
            }
            seen = observation.count
        }
        return anomalies
    }
}

/// What can go wrong with a log.
public enum LogAnomaly: Hashable, Sendable {
    /// The log is not numbered 1, 2, 3, …
    case gap(at: Position)
    /// A stream is not numbered 1, 2, 3, …
    case versionGap(StreamID, at: Position)
    /// An event stands in the log twice.
    case duplicate(UniqueID)
    /// An acknowledged event is missing, or not where and what its writer was told.
    case lostAppend(UniqueID)
    /// Two writers were told that they own one version of a stream.
    case twoWinners(StreamID, StreamVersion)
    /// The events of one transaction do not stand together.
    case tornTransaction(at: Position)
    /// A refused transaction left an event.
    case refusedButKept(UniqueID)
    /// A reader saw something that is no beginning of the log.
    case noPrefix(reader: Int)
    /// A reader saw less than before.
    case nonMonotonicRead(reader: Int)
    /// A reader saw a transaction that was not over.
    case halfATransaction(reader: Int, at: Position)
}
