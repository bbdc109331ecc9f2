extension Transactor where Unit == any UnitOfWork {
    /// Folds the log, page by page, with whatever logic: what a read model that does not exist would say, or what would
    /// have happened under other rules. Changes nothing.
    ///
    /// Each page is a transaction of its own, so writers go on meanwhile; what they append is included as long as it
    /// comes before the end is reached.
    ///
    /// ```swift
    /// let cancelled = try await log.replay(into: 0) { count, event in
    ///     if event.type == "OrderCancelled" { count += 1 }
    /// }
    /// ```
    /// - Parameters:
    ///   - position: where to begin. Default: the first event.
    ///   - pageSize: events a transaction, at least 1. Default: 1,000.
    public func replay<State>(
        into initial: State, after position: Position = .start, pageSize: Int = 1_000,
        _ apply: (inout State, RecordedEvent) throws -> Void,
    ) async throws -> State {
        precondition(pageSize > 0, "a page of \(pageSize) events leads nowhere")
        var state = initial
        var position = position
        while true {
            let after = position
            let page = try await self.read { try $0.readAll(after: after, limit: pageSize) }
            for event in page { try apply(&state, event) }
            guard let last = page.last, page.count == pageSize else { return state }
            position = last.position
        }
    }
}
