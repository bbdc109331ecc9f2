public import EventSourcing

/// What an error says about trying again.
public enum FailureKind: Hashable, Sendable {
    /// Trying later may help.
    case transient
    /// Trying again gives the same: a dead letter at once.
    case permanent
    /// Nothing works at the moment, whatever the event: wait, and blame no event.
    case outage

    /// How errors count unless a consumer says otherwise: a full, locked or lost store is an outage, an event that
    /// nobody can read is permanent, everything else is transient.
    public static func standard(_ error: any Error) -> FailureKind {
        guard let error = error as? EventStoreError else { return error is CancellationError ? .outage : .transient }
        switch error.code {
        case .diskFull, .unavailable, .locked, .readOnly, .newerSchema: return .outage
        case .corrupt, .unknownEvent: return .permanent
        case .staleVersion, .wrongEpoch: return .transient
        }
    }
}

/// Reacts to events, each once.
///
/// The handler runs in the transaction that also stores how far the consumer has come, so its effect happens exactly
/// once however often an event is delivered. Events with the same key are handled in the order of their log. A handler
/// has no way out of the database: what must happen outside is written as an ``Effect`` and done by an
/// ``EffectWorker``.
///
/// ```swift
/// let consumer = Consumer<any ShopUnit>("inventory", types: ["OrderPlaced"]) { event, unit in
///     try reserve(event, in: LedgerBook(in: unit, at: event.timestamp))
/// }
/// ```
public struct Consumer<Unit>: Sendable {
    /// Unique in its service and stable: its watermarks are stored under it.
    public let name: String
    /// The event types that it handles; nil for all.
    public let types: Set<String>?
    let key: @Sendable (RecordedEvent) -> String
    let classify: @Sendable (any Error) -> FailureKind
    let handle: @Sendable (RecordedEvent, Unit) throws -> Void

    /// - Parameters:
    ///   - key: what must stay in order; the stream by default. Must follow from the event alone.
    ///   - classify: what an error of the handler means; ``FailureKind/standard(_:)`` by default.
    ///   - handle: the effect. When it throws, nothing that it wrote is kept.
    public init(
        _ name: String, types: Set<String>? = nil,
        key: @escaping @Sendable (RecordedEvent) -> String = { $0.stream.description },
        classify: @escaping @Sendable (any Error) -> FailureKind = FailureKind.standard,
        handle: @escaping @Sendable (RecordedEvent, Unit) throws -> Void,
    ) {
        precondition(!name.isEmpty, "a consumer needs a name")
        self.name = name
        self.types = types
        self.key = key
        self.classify = classify
        self.handle = handle
    }

    /// The same consumer with something around its handler, such as a span.
    /// - Parameter around: must run the handler once and let its error through. It runs in the transaction, on the thread
    ///   of the database.
    public func around(
        _ around: @escaping @Sendable (RecordedEvent, () throws -> Void) throws -> Void
    ) -> Consumer {
        let handle = self.handle
        return Consumer(self.name, types: self.types, key: self.key, classify: self.classify) { event, unit in
            try around(event) { try handle(event, unit) }
        }
    }

    func handles(_ event: RecordedEvent, in partition: Partition) -> Bool {
        (self.types?.contains(event.type) ?? true) && partition.contains(self.key(event))
    }
}
