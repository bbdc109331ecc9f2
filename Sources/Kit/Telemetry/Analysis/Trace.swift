import Essentials

/// All spans of one trace, as a tree.
public struct Trace: Hashable, Sendable {
    /// By start, then end, then id: the same whatever order they came in.
    public let spans: [SpanRecord]
    /// Indices of the spans below each span, by start.
    private let children: [[Int]]
    /// Indices of spans whose parent is not here, by start.
    private let roots: [Int]

    /// - Parameter spans: of one trace; of two with the same id only the first counts. A span whose parents lead back to
    ///   itself is taken for a root.
    public init(_ spans: [SpanRecord]) {
        var seen: Set<SpanID> = []
        let sorted = spans.filter { seen.insert($0.spanID).inserted }.sorted {
            ($0.start, -$0.end, $0.spanID) < ($1.start, -$1.end, $1.spanID)
        }
        let index = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($0.element.spanID, $0.offset) })
        var parents = sorted.map { $0.parentID.flatMap { index[$0] } }
        for start in sorted.indices {
            var (slow, steps) = (start, 0)
            while let parent = parents[slow], steps <= sorted.count {
                (slow, steps) = (parent, steps + 1)
            }
            if steps > sorted.count { parents[start] = nil }
        }
        var children = [[Int]](repeating: [], count: sorted.count)
        for (child, parent) in parents.enumerated() { if let parent { children[parent].append(child) } }
        self.spans = sorted
        self.children = children
        self.roots = sorted.indices.filter { parents[$0] == nil }
    }

    /// The span that began first and has no parent here.
    public var root: SpanRecord? { self.roots.first.map { self.spans[$0] } }

    /// The spans directly below one, by start.
    public func children(of id: SpanID) -> [SpanRecord] {
        guard let index = self.spans.firstIndex(where: { $0.spanID == id }) else { return [] }
        return self.children[index].map { self.spans[$0] }
    }

    public var hasError: Bool { self.spans.contains { $0.isError } }

    /// A stretch of time that a span spent by itself while everything waited for it.
    public struct Segment: Hashable, Sendable {
        public var spanID: SpanID
        /// Nanoseconds since 1970.
        public var start: Int64
        public var end: Int64

        public var duration: Duration { .nanoseconds(self.end - self.start) }
    }

    /// What the root had to wait for, in the order of time: segments without gap or overlap from its start to its end.
    ///
    /// From the end backwards, the child that ended last is what was waited for; before it began, the one that ended last
    /// before that; and so on within each of them. Time in which no child is waited for is the span's own. A child that
    /// outlives its parent counts as far as the parent's end. (The algorithm of Uber's CRISP, USENIX ATC 2022.)
    public var criticalPath: [Segment] {
        guard let root = self.roots.first else { return [] }
        var segments: [Segment] = []
        self.walk(root, from: self.spans[root].start, to: self.spans[root].end, into: &segments)
        return segments.reversed()
    }

    /// How long each span is on the critical path, the longest first.
    public var criticalSpans: [(span: SpanRecord, share: Duration)] {
        var shares: [SpanID: Duration] = [:]
        for segment in self.criticalPath { shares[segment.spanID, default: .zero] += segment.duration }
        return self.spans.compactMap { span in shares[span.spanID].map { (span, $0) } }
            .sorted { ($1.share, $0.span.start, $0.span.spanID) < ($0.share, $1.span.start, $1.span.spanID) }
    }

    /// Segments from `end` back to `start`, the last one first.
    private func walk(_ index: Int, from start: Int64, to end: Int64, into segments: inout [Segment]) {
        let span = self.spans[index]
        var now = end
        func own(until moment: Int64) {
            if moment < now { segments.append(Segment(spanID: span.spanID, start: moment, end: now)) }
            now = min(now, moment)
        }
        // By end, the last one first; of those that end together, the one that began last.
        let children = self.children[index].sorted {
            (self.spans[$1].end, self.spans[$1].start) < (self.spans[$0].end, self.spans[$0].start)
        }
        for child in children {
            let (childStart, childEnd) = (max(start, self.spans[child].start), min(self.spans[child].end, end))
            guard childStart < childEnd, childEnd <= now else { continue }
            own(until: childEnd)
            self.walk(child, from: childStart, to: childEnd, into: &segments)
            now = childStart
        }
        own(until: start)
    }
}
