public import Essentials

/// How the latest calls ended: those of a time, or so many of them. A value: time comes in, counts come out.
///
/// A window of time moves in tenths: it forgets what is older than the time, and nothing that is younger than nine
/// tenths of it.
public struct OutcomeWindow: Hashable, Sendable {
    /// How far back the window reaches.
    public enum Extent: Hashable, Sendable {
        /// At least 10 milliseconds.
        case time(Duration)
        /// The last so many calls. In 1...65,536.
        case calls(Int)
    }

    /// What the window holds.
    public struct Counts: Hashable, Sendable {
        public var calls = 0
        public var failures = 0
        /// Calls that took too long, however they ended.
        public var slow = 0

        public init(calls: Int = 0, failures: Int = 0, slow: Int = 0) {
            self.calls = calls
            self.failures = failures
            self.slow = slow
        }

        /// In 0...1; 0 when there are no calls.
        public var failureRate: Double { self.calls == 0 ? 0 : Double(self.failures) / Double(self.calls) }
        /// In 0...1; 0 when there are no calls.
        public var slowRate: Double { self.calls == 0 ? 0 : Double(self.slow) / Double(self.calls) }

        fileprivate mutating func add(_ other: Counts, times factor: Int = 1) {
            self.calls += factor * other.calls
            self.failures += factor * other.failures
            self.slow += factor * other.slow
        }
    }

    private static let sliceCount = 10

    public let extent: Extent
    private var total = Counts()
    /// The tenths of a window of time, or one for each call.
    private var slices: [Counts]
    /// The number of the tenth, or the place of the next call.
    private var current = Int64.min
    /// Nanoseconds of a tenth of a window of time.
    private let sliceLength: Int64

    public init(_ extent: Extent) {
        self.extent = extent
        switch extent {
        case .time(let time):
            precondition(time >= .milliseconds(10), "a window must be at least 10 ms long, not \(time)")
            self.slices = Array(repeating: Counts(), count: Self.sliceCount)
            self.sliceLength = time.nanoseconds / Int64(Self.sliceCount)
        case .calls(let calls):
            precondition((1...65_536).contains(calls), "a window must hold 1...65,536 calls, not \(calls)")
            self.slices = []
            self.slices.reserveCapacity(calls)
            self.sliceLength = 0
        }
    }

    /// Notes a call that has ended.
    public mutating func record(failed: Bool, slow: Bool = false, at now: Tick) {
        let call = Counts(calls: 1, failures: failed ? 1 : 0, slow: slow ? 1 : 0)
        switch self.extent {
        case .time:
            self.turn(to: now)
            self.slices[Self.index(of: self.current)].add(call)
        case .calls(let size):
            guard self.slices.count == size else {
                self.slices.append(call)
                self.current = Int64(self.slices.count % size)
                break
            }
            self.total.add(self.slices[Int(self.current)], times: -1)
            self.slices[Int(self.current)] = call
            self.current = (self.current + 1) % Int64(size)
        }
        self.total.add(call)
    }

    /// What the window holds at `now`.
    public mutating func counts(at now: Tick) -> Counts {
        if case .time = self.extent { self.turn(to: now) }
        return self.total
    }

    /// Forgets everything.
    public mutating func clear() {
        self = OutcomeWindow(self.extent)
    }

    private static func index(of slice: Int64) -> Int {
        let remainder = Int(slice % Int64(self.sliceCount))
        return remainder < 0 ? remainder + self.sliceCount : remainder
    }

    /// Empties the tenths that have left the window. A tick from before the current tenth counts as of now.
    private mutating func turn(to now: Tick) {
        let quotient = now.nanoseconds / self.sliceLength
        let slice = now.nanoseconds % self.sliceLength < 0 ? quotient - 1 : quotient
        guard slice > self.current else { return }
        let passed = self.current == .min ? Int64(Self.sliceCount) : min(Int64(Self.sliceCount), slice - self.current)
        for offset in 0..<passed {
            let index = Self.index(of: slice - offset)
            self.total.add(self.slices[index], times: -1)
            self.slices[index] = Counts()
        }
        self.current = slice
    }
}
