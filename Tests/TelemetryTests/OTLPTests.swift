import Essentials
import Testing

@testable import Telemetry

@Suite struct OTLPTests {
    private static let protobuf = "application/x-protobuf"
    private let decoder = OTLPDecoder()

    @Test(arguments: 0..<16 as Range<UInt64>)
    func `what is written is read again`(seed: UInt64) throws {
        var samples = OTLPSamples(seed: seed)
        let spans = samples.spans(12)
        let readSpans = try self.decoder.traces(OTLPEncoder.traces(spans), contentType: Self.protobuf)
        #expect(Set(readSpans.records) == Set(spans) && readSpans.rejected == 0)
        let logs = samples.logs(12)
        let readLogs = try self.decoder.logs(OTLPEncoder.logs(logs), contentType: Self.protobuf).records
        #expect(Set(readLogs) == Set(logs))
        let metrics = samples.metrics(8)
        let readMetrics = try self.decoder.metrics(OTLPEncoder.metrics(metrics), contentType: Self.protobuf).records
        #expect(Set(readMetrics) == Set(metrics))
    }

    @Test func `spans of one source stand together`() throws {
        var samples = OTLPSamples(seed: 1)
        let message = try OTLPProtobufReader.read(
            OTLPEncoder.traces(samples.spans(60)), as: .traces, limits: OTLPLimits())
        #expect(message.messages(1).count == 3)
        #expect(message.messages(1).allSatisfy { $0.messages(2).count <= 4 })
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `broken bodies are refused and never trap`(seed: UInt64) {
        var samples = OTLPSamples(seed: seed)
        let chance = Chance(seed: seed)
        for body in [OTLPEncoder.traces(samples.spans(4)), OTLPEncoder.metrics(samples.metrics(4))] {
            for end in 0..<body.count { self.read(Array(body[..<end])) }
            for _ in 0..<300 {
                var broken = body
                for _ in 0...chance.below(3) { broken[chance.below(broken.count)] = UInt8(chance.below(256)) }
                self.read(broken)
            }
        }
        for _ in 0..<300 { self.read(chance.bytes(chance.below(60))) }
    }

    /// Whatever comes out, nothing traps, and a refusal has a reason.
    private func read(_ body: [UInt8]) {
        for type in [Self.protobuf, "application/json"] {
            do throws(OTLPIngestError) {
                _ = try self.decoder.traces(body, contentType: type)
                _ = try self.decoder.metrics(body, contentType: type)
                _ = try self.decoder.logs(body, contentType: type)
            } catch {
                #expect(!error.reason.isEmpty && [400, 413].contains(error.status))
            }
        }
    }

    @Test(
        arguments: [
            [0x0A], [0x0A, 0x05, 0x01], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            [0x08, 0x01],
            [0x0B], [0x00, 0x00], [0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            [0x0A, 0x04, 0x12, 0x02, 0x12, 0x01],
        ] as [[UInt8]])
    func `malformed protobuf is a 400`(_ body: [UInt8]) {
        let error = #expect(throws: OTLPIngestError.self) {
            try self.decoder.traces(body, contentType: Self.protobuf)
        }
        #expect(error?.status == 400)
    }

    @Test(arguments: [
        "", "[]", "{\"resourceSpans\":{}}", "{\"resourceSpans\":[1]}", "{\"resourceSpans\":[{}]}x",
        "{\"resourceSpans\":[],\"resourceSpans\":[]}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"xyz\"}]}]}]}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"kind\":\"SPAN_KIND_SERVER\"}]}]}]}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"startTimeUnixNano\":\"-1\"}]}]}]}",
    ])
    func `malformed JSON is a 400`(_ body: String) {
        let error = #expect(throws: OTLPIngestError.self) {
            try self.decoder.traces(Array(body.utf8), contentType: "application/json")
        }
        #expect(error?.status == 400)
    }

    @Test func `what is too large, too deep or too much is a 413`() throws {
        var limits = OTLPLimits()
        limits.maximumBytes = 200
        let large = #expect(throws: OTLPIngestError.self) {
            try OTLPDecoder(limits: limits).traces([UInt8](repeating: 0, count: 201), contentType: Self.protobuf)
        }
        #expect(large?.status == 413)

        var value = AttributeValue.string("x")
        for _ in 0..<20 { value = .array([value]) }
        var span = SpanRecord.sample("x", id: 1, 0...1)
        span.attributes = [Attribute("deep", value)]
        let deep = #expect(throws: OTLPIngestError.self) {
            try self.decoder.traces(OTLPEncoder.traces([span]), contentType: Self.protobuf)
        }
        #expect(deep?.status == 413)
        let nested =
            String(repeating: "{\"arrayValue\":{\"values\":[", count: 20) + "{}" + String(repeating: "]}}", count: 20)
        let json = #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":\#(nested)}]}]}]}"#
        let deepJSON = #expect(throws: OTLPIngestError.self) {
            try self.decoder.logs(Array(json.utf8), contentType: "application/json")
        }
        #expect(deepJSON?.status == 413)

        limits = OTLPLimits()
        limits.maximumValues = 100
        var samples = OTLPSamples(seed: 1)
        let body = OTLPEncoder.traces(samples.spans(50))
        let much = #expect(throws: OTLPIngestError.self) {
            try OTLPDecoder(limits: limits).traces(body, contentType: Self.protobuf)
        }
        #expect(much?.status == 413)
    }

    @Test(arguments: [("text/plain", nil), ("application/x-protobuf", "gzip"), ("", nil)] as [(String, String?)])
    func `other media types and encodings are a 415`(_ type: String, _ encoding: String?) {
        let error = #expect(throws: OTLPIngestError.self) {
            try self.decoder.traces([], contentType: type, contentEncoding: encoding)
        }
        #expect(error?.status == 415)
    }

    @Test func `spans without ids are rejected and the others taken`() throws {
        let body = """
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},
            "scopeSpans":[{"spans":[
              {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","name":"page","kind":2,
               "startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000000,"future":[1],
               "attributes":[{"key":"n","value":{"intValue":"42"}},{"key":"b","value":{"bytesValue":"AQI="}},
                 {"key":"authorization","value":{"stringValue":"Bearer abc"}}]},
              {"traceId":"00000000000000000000000000000000","spanId":"eee19b7ec3c1b174","name":"bad"},
              {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee1","name":"bad"}]}]}]}
            """
        let batch = try self.decoder.traces(Array(body.utf8), contentType: "application/json; charset=utf-8")
        #expect(batch.rejected == 2)
        let span = try #require(batch.records.first)
        #expect(span.traceID.description == "5b8efff798038103d269b633813fc60c")
        #expect(span.duration == .seconds(1) && span.kind == .server && span.resource.service == "web")
        #expect(
            span.attributes == [
                Attribute("n", 42), Attribute("b", .bytes([1, 2])), Attribute("authorization", "[redacted]"),
            ])
        let answer = OTLPResponse.success(rejected: 2, reason: batch.reason, signal: .traces, as: .json)
        #expect(try JSONReader.parse(answer)["partialSuccess"]?["rejectedSpans"] == "2")
        let written = OTLPResponse.success(rejected: 2, reason: batch.reason, signal: .traces, as: .protobuf)
        #expect(OTLPResponse.rejected(in: written) == (2, batch.reason))
    }

    @Test func `a message in two pieces is both of them, and unpacked numbers are read as packed ones`() throws {
        var writer = ProtobufWriter()
        writer.message(1) { resource in
            resource.message(2) { scope in
                scope.message(2) { metric in
                    metric.string(1, "m")
                    for piece in 0..<2 {
                        metric.message(9) { data in
                            if piece == 1 { data.unsigned(2, 2) }
                            guard piece == 0 else { return }
                            data.message(1) { point in
                                point.fixed64(4, 3)
                                for count in [1, 2] as [UInt64] { point.fixed64(6, count) }
                                point.double(7, 1.5)
                            }
                        }
                    }
                }
            }
        }
        let family = try #require(try self.decoder.metrics(writer.bytes, contentType: Self.protobuf).records.first)
        #expect(family.isCumulative)
        #expect(
            family.points.map(\.value) == [.explicit(ExplicitHistogram(count: 3, bounds: [1.5], counts: [1, 2]))])
    }
}
