import Essentials
import EssentialsTesting
import Logging
import Telemetry
import Testing
import Tracing

@Suite struct LogTests {
    private let sink = CollectingSink()

    private func logger(provider: Logger.MetadataProvider? = nil) -> Logger {
        let sink = self.sink
        return Logger(label: "checkout") { label in
            var handler = TelemetryLogHandler(
                label: label, resource: Resource(service: "orders"), sinks: [sink], level: .debug,
                wallClock: ManualWallClock().wallClock)
            handler.metadataProvider = provider
            return handler
        }
    }

    @Test func `a line is one JSON object with the ids of its trace`() throws {
        let tracer = TelemetryTracer(
            resource: Resource(service: "orders"), sink: CollectingSink(), wallClock: ManualWallClock().wallClock,
            chance: Chance(seed: 1), time: .test(TestClock()))
        let context = tracer.withSpan("x") { span in
            self.logger().info("placed", metadata: ["order.id": "7", "count": .stringConvertible(3), "level": "x"])
            return span.spanContext
        }
        let line = String(decoding: JSONLogLines.line(self.sink.logs[0]), as: UTF8.self)
        #expect(
            line == """
                {"timestamp":"2026-01-01T00:00:00.000Z","level":"info","service":"orders","logger":"checkout",\
                "message":"placed","trace_id":"\(context.traceID)","span_id":"\(context.spanID)",\
                "count":3,"metadata.level":"x","order.id":"7"}

                """)
        #expect(try JSONReader.parse(Array(line.utf8))["order.id"] == "7")
    }

    @Test func `a line stays a line whatever is in it`() throws {
        self.logger().warning("a\nb\u{0}\u{2028}\"", metadata: ["x\n": ["y": ["\r\n", "z"]]])
        let line = JSONLogLines.line(self.sink.logs[0])
        #expect(line.count { $0 == 0x0A } == 1)
        #expect(try JSONReader.parse(line)["message"] == "a\nb\u{0}\u{2028}\"")
    }

    @Test func `metadata of the call wins over the provider's, and that over the logger's`() {
        var logger = self.logger(provider: Logger.MetadataProvider { ["b": "provider", "c": "provider"] })
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger.debug("x", metadata: ["c": "call"])
        #expect(
            self.sink.logs[0].attributes == [
                Attribute("a", "logger"), Attribute("b", "provider"), Attribute("c", "call"),
            ])
    }

    @Test(arguments: zip(Logger.Level.allCases, [1, 5, 9, 10, 13, 17, 21]))
    func `levels are OpenTelemetry's severities`(_ level: Logger.Level, _ number: Int) {
        var logger = self.logger()
        logger.logLevel = .trace
        logger.log(level: level, "x")
        #expect(self.sink.logs.map(\.severity.rawValue) == [number])
    }
}
