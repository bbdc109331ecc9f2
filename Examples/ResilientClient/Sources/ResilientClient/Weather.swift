import Essentials
import Synchronization

/// A weather service with moods. A real one would be behind an HTTP client; the pipeline does not care.
final class Weather: Sendable {
    struct Unreachable: Error {}

    enum Mood: Sendable {
        case well, slow, broken
    }

    private let mood = Mutex(Mood.well)
    private let time: TimeSource

    init(time: TimeSource) {
        self.time = time
    }

    func become(_ mood: Mood) { self.mood.withLock { $0 = mood } }

    func forecast() async throws -> String {
        switch self.mood.withLock({ $0 }) {
        case .well: return "sunny"
        case .slow:
            try await self.time.sleep(for: .seconds(60))
            return "too late"
        case .broken: throw Unreachable()
        }
    }
}
