import Essentials
import GatewayCore
import HTTPTypes
import Testing

@Suite struct ForwardedHeadersTests {
    private func outgoing(_ client: HTTPFields) -> HTTPFields {
        ForwardedHeaders.outgoing(
            client, requestID: UniqueID(high: 1, low: 2), at: Timestamp(microseconds: 0), peer: "192.0.2.1",
            trace: TraceContext(trace: UniqueID(high: 1, low: 2), span: 3, flags: 1))
    }

    @Test func `the platform's headers are set and a client's own are overwritten`() {
        let fields = self.outgoing([
            HTTPField.Name("X-Client-IP")!: "6.6.6.6", HTTPField.Name("X-Service-Request-ID")!: "mine",
            HTTPField.Name("X-Mainstay-Actor")!: "admin", .authorization: "Bearer t",
        ])
        #expect(fields[HTTPField.Name("X-Client-IP")!] == "192.0.2.1")
        #expect(fields[HTTPField.Name("X-Service-Request-ID")!] == "00000000-0000-0001-0000-000000000002")
        #expect(fields[HTTPField.Name("X-Request-Timestamp")!] == "1970-01-01T00:00:00.000Z")
        #expect(fields[HTTPField.Name("X-Mainstay-Actor")!] == nil)
        #expect(fields[.authorization] == "Bearer t")
    }

    @Test func `headers of the connection and those that it names stay behind`() {
        let fields = self.outgoing([
            .connection: "keep-alive, X-Secret", HTTPField.Name("X-Secret")!: "1", HTTPField.Name("Keep-Alive")!: "5",
            .transferEncoding: "chunked", HTTPField.Name("X-Kept")!: "2",
        ])
        #expect(fields[.connection] == nil)
        #expect(fields[HTTPField.Name("X-Secret")!] == nil)
        #expect(fields[HTTPField.Name("Keep-Alive")!] == nil)
        #expect(fields[.transferEncoding] == nil)
        #expect(fields[HTTPField.Name("X-Kept")!] == "2")
    }

    private static func continued(_ header: String?) -> String {
        TraceContext.continuing(header.flatMap { TraceContext($0) }, chance: Chance(seed: 1)).header
    }

    @Test func `a valid trace is continued with a span of our own`() {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
        let continued = Self.continued(header).split(separator: "-")
        #expect(continued[1] == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(continued[2] != "00f067aa0ba902b7")
        #expect(continued[3] == "00")
    }

    @Test(arguments: [
        nil, "", "00-xyz", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
    ])
    func `anything else begins a new trace`(_ header: String?) {
        let parts = Self.continued(header).split(separator: "-")
        #expect(parts.map(\.utf8.count) == [2, 32, 16, 2])
        #expect(parts[1] != "4bf92f3577b34da6a3ce929d0e0e4736")
    }
}
