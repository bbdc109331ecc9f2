import Essentials
import Resilience

/// Prints what the pipeline tells, beside what the caller sees.
struct Narrator: PipelineObserver {
    func pipeline(_ name: String, did event: PipelineEvent) {
        switch event {
        case .breakerChanged(_, let from, let to): print("    the breaker of '\(name)' went from \(from) to \(to)")
        case .retrying(_, let attempt, let delay): print("    attempt \(attempt) follows in \(delay)")
        default: break
        }
    }
}

@main
struct ResilientClient {
    static func main() async throws {
        let time = TimeSource.system
        let weather = Weather(time: time)
        let pipeline = Pipeline.standard(named: "weather", self.configuration, observer: Narrator())
        print(pipeline.descriptor)
        for mood in [Weather.Mood.well, .slow, .broken, .broken] {
            weather.become(mood)
            print("the service is \(mood): \(await self.ask(weather, pipeline))")
        }
        try await time.sleep(for: .seconds(1))
        weather.become(.well)
        for _ in 0..<2 { print("the service is well: \(await self.ask(weather, pipeline))") }
        for layer in pipeline.snapshot().strategies {
            let figures = layer.figures.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            print("\(layer.kind) \(layer.name): \(figures)")
        }
    }

    /// Fast settings, so that the example is over in two seconds.
    private static var configuration: Pipeline.Configuration {
        var configuration = Pipeline.Configuration()
        configuration.totalTimeout = .seconds(2)
        configuration.attemptTimeout = .milliseconds(100)
        configuration.retry?.backoff.initialDelay = .milliseconds(10)
        configuration.circuitBreaker?.recoveryTime = .seconds(1)
        configuration.circuitBreaker?.successThreshold = 2
        return configuration
    }

    private static func ask(_ weather: Weather, _ pipeline: Pipeline) async -> String {
        do {
            return try await pipeline.run {
                try await weather.forecast()
            } orElse: { error in
                "the forecast of yesterday, because: \(error)"
            }
        } catch {
            return "nothing: \(error)"
        }
    }
}
