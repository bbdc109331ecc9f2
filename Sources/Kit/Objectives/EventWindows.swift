public import Essentials

/// Counts events in slots of three widths, so that short windows are fine, long ones reach back far, and memory is small:
/// about 2,300 slots for 30 days.
///
/// A window is the slot that is being filled and as many before it as make up its length: it is up to one slot shorter
/// than asked for, never longer.
public struct EventWindows: Hashable, Sendable {
    /// Sums since the beginning at the end of each slot: a window is the difference of two of them.
    private struct Level: Hashable {
        /// Nanoseconds.
        let width: Int64
        let length: Duration
        /// One more than the longest window has: the end of the slot before it.
        var sums: [EventCount]
        /// The number of the newest slot since the origin of the ticks.
        var newest: Int64?

        init(width: Duration, length: Duration) {
            self.width = width.nanoseconds
            let count = (length.nanoseconds + self.width - 1) / self.width
            self.length = .nanoseconds(count * self.width)
            self.sums = Array(repeating: EventCount(), count: Int(count) + 1)
        }

        private func number(_ now: Tick) -> Int64 {
            now.nanoseconds / self.width - (now.nanoseconds % self.width < 0 ? 1 : 0)
        }

        private func index(_ number: Int64) -> Int {
            let count = Int64(self.sums.count)
            return Int((number % count + count) % count)
        }

        mutating func add(_ count: EventCount, at now: Tick) {
            let number = self.number(now)
            let newest = self.newest ?? number
            let oldest = max(newest, number) - Int64(self.sums.count) + 1
            guard number >= oldest else { return }
            if number > newest {
                let sum = self.sums[self.index(newest)]
                for passed in max(newest + 1, oldest)...number { self.sums[self.index(passed)] = sum }
            }
            self.newest = max(newest, number)
            for later in number...max(newest, number) {
                self.sums[self.index(later)] = self.sums[self.index(later)] + count
            }
        }

        /// The sum at the end of a slot; slots before the first one have none.
        private func sum(_ number: Int64, newest: Int64) -> EventCount {
            let kept = max(newest - Int64(self.sums.count) + 1, min(number, newest))
            return self.sums[self.index(kept)]
        }

        func count(over window: Duration, at now: Tick) -> EventCount {
            guard let newest = self.newest else { return EventCount() }
            let last = self.number(now)
            let before = last - max(1, min(window.nanoseconds / self.width, Int64(self.sums.count) - 1))
            return self.sum(last, newest: newest) - self.sum(before, newest: newest)
        }
    }

    private var levels: [Level]

    /// - Parameters:
    ///   - resolution: the width of the finest slots, which reach back six hours. Default: 30 seconds.
    ///   - longest: the longest window that will be asked for. Default: 30 days.
    public init(resolution: Duration = .seconds(30), longest: Duration = .seconds(30 * 86_400)) {
        precondition(resolution > .zero && longest >= resolution, "a window has at least one slot")
        let widths = [(resolution, Duration.seconds(6 * 3_600)), (resolution * 10, .seconds(3 * 86_400))]
        self.levels = widths.filter { $0.1 < longest }.map { Level(width: $0.0, length: $0.1) }
        let last = self.levels.count == 2 ? resolution * 120 : self.levels.count == 1 ? resolution * 10 : resolution
        self.levels.append(Level(width: last, length: longest))
    }

    /// Counts events that have just happened.
    public mutating func add(_ count: EventCount, at now: Tick) {
        for index in self.levels.indices { self.levels[index].add(count, at: now) }
    }

    /// The events of the last `window`.
    public func count(over window: Duration, at now: Tick) -> EventCount {
        let level = self.levels.first { $0.length >= window } ?? self.levels[self.levels.count - 1]
        return level.count(over: window, at: now)
    }
}
