import Essentials

extension TailSampler {
    /// Gathers the spans of each trace until it is quiet, then says which traces are kept.
    struct Machine {
        /// What to do with spans that were given.
        struct Verdict: Equatable {
            var kept: [SpanRecord] = []
            /// How many spans are let go, by reason.
            var dropped = 0
            var overflowed = 0
        }

        /// A trace that is not decided yet.
        private struct Pending {
            var open = 0
            var spans: [SpanRecord] = []
            var isRemarkable = false
            var isSampled = false
            var began: Tick
            var touched: Tick
            var refused = 0
        }

        private let configuration: Configuration
        private var pending: [TraceID: Pending] = [:]
        /// Undecided traces in the order in which they began; decided ones are still in it until they reach the front.
        private var order: [TraceID] = []
        private var head = 0
        private(set) var buffered = 0
        /// What was decided lately: late spans of a trace follow it.
        private var decided: [TraceID: Bool] = [:]
        private var decidedOrder: [TraceID] = []
        private var decidedHead = 0
        private var nextSweep: Tick?

        init(_ configuration: Configuration) {
            self.configuration = configuration
        }

        var undecided: Int { self.pending.count }

        /// A span of the trace has begun.
        mutating func began(_ trace: TraceID, at now: Tick) -> Verdict {
            guard self.decided[trace] == nil else { return Verdict() }
            if self.pending[trace] == nil {
                self.pending[trace] = Pending(began: now, touched: now)
                self.order.append(trace)
            }
            self.pending[trace]?.open += 1
            return self.pending.count > self.configuration.maximumTraces ? self.makeRoom(at: now) : Verdict()
        }

        /// A span has ended.
        mutating func ended(_ span: SpanRecord, at now: Tick) -> Verdict {
            let isRemarkable = self.isRemarkable(span)
            guard var trace = self.pending.removeValue(forKey: span.traceID) else {
                return self.late(span, isRemarkable: isRemarkable)
            }
            trace.open = max(0, trace.open - 1)
            trace.touched = now
            trace.isRemarkable = trace.isRemarkable || isRemarkable
            trace.isSampled = trace.isSampled || span.isSampled
            if trace.spans.count < self.configuration.maximumSpansPerTrace {
                trace.spans.append(span)
                self.buffered += 1
            } else {
                trace.refused += 1
            }
            self.pending[span.traceID] = trace
            return self.buffered > self.configuration.maximumSpans ? self.makeRoom(at: now) : Verdict()
        }

        /// Decides on every trace that has been quiet for long enough, or open for too long.
        mutating func sweep(at now: Tick) -> Verdict {
            if let nextSweep, now < nextSweep { return Verdict() }
            self.nextSweep = now + self.configuration.settle / 4
            var verdict = Verdict()
            var index = self.head
            while index < self.order.count {
                let id = self.order[index]
                if let trace = self.pending[id] {
                    let isQuiet = trace.open == 0 && now - trace.touched >= self.configuration.settle
                    if isQuiet || now - trace.began >= self.configuration.patience {
                        self.decide(id, into: &verdict)
                    }
                }
                index += 1
            }
            self.trim()
            return verdict
        }

        /// Decides on everything, as at the end of the process.
        mutating func finish() -> Verdict {
            var verdict = Verdict()
            for id in self.order[self.head...] { self.decide(id, into: &verdict) }
            self.trim()
            return verdict
        }

        /// Bounds are reached: the oldest trace that nothing remarkable has happened in is decided at once, else the
        /// oldest of all. What is remarkable is kept in either case.
        private mutating func makeRoom(at now: Tick) -> Verdict {
            var verdict = Verdict()
            while self.pending.count > self.configuration.maximumTraces
                || self.buffered > self.configuration.maximumSpans
            {
                self.trim()
                let window = self.order[self.head...].prefix(Self.search)
                let candidate =
                    window.first { self.pending[$0].map { !$0.isRemarkable && !$0.spans.isEmpty } ?? false }
                    ?? self.order[self.head]
                if self.pending[candidate]?.isRemarkable == false { verdict.overflowed += 1 }
                self.decide(candidate, into: &verdict)
            }
            return verdict
        }

        /// How many traces are looked at for the one to let go.
        private static let search = 32

        private mutating func decide(_ id: TraceID, into verdict: inout Verdict) {
            guard let trace = self.pending.removeValue(forKey: id) else { return }
            self.buffered -= trace.spans.count
            verdict.dropped += trace.refused
            let isKept =
                trace.isRemarkable || (trace.isSampled && id.fraction < self.configuration.ordinaryRatio)
            if isKept { verdict.kept += trace.spans } else { verdict.dropped += trace.spans.count }
            self.remember(id, isKept: isKept)
        }

        /// A span that ends after the decision on its trace: it follows it, but nothing remarkable is lost.
        private mutating func late(_ span: SpanRecord, isRemarkable: Bool) -> Verdict {
            let isKept =
                self.decided[span.traceID]
                ?? (span.isSampled && span.traceID.fraction < self.configuration.ordinaryRatio)
            guard isKept || isRemarkable else { return Verdict(dropped: 1) }
            if !isKept { self.remember(span.traceID, isKept: true) }
            return Verdict(kept: [span])
        }

        private mutating func remember(_ id: TraceID, isKept: Bool) {
            if self.decided.updateValue(isKept, forKey: id) == nil { self.decidedOrder.append(id) }
            while self.decided.count > self.configuration.rememberedTraces {
                self.decided[self.decidedOrder[self.decidedHead]] = nil
                self.decidedHead += 1
            }
            if self.decidedHead > 1_024, self.decidedHead * 2 > self.decidedOrder.count {
                self.decidedOrder.removeFirst(self.decidedHead)
                self.decidedHead = 0
            }
        }

        /// Forgets the places of traces that are decided.
        private mutating func trim() {
            while self.head < self.order.count, self.pending[self.order[self.head]] == nil { self.head += 1 }
            if self.head == self.order.count {
                self.order.removeAll(keepingCapacity: true)
                self.head = 0
            } else if self.order.count > 2 * self.pending.count + 64 {
                self.order = self.order[self.head...].filter { self.pending[$0] != nil }
                self.head = 0
            }
        }

        private func isRemarkable(_ span: SpanRecord) -> Bool {
            if span.isError { return true }
            return span.duration >= self.configuration.slow
        }
    }
}
