import AsyncHTTPClient
import Essentials
import NIOCore
import NIOHTTP1
import Telemetry

/// Posts telemetry to a collector over HTTP.
struct CollectorSender: OTLPSender {
    /// `host:port`, and where the collector's paths begin.
    let address: String
    let time: TimeSource

    func send(_ request: OTLPRequest, deadline: Deadline) async throws -> OTLPAnswer {
        var outgoing = HTTPClientRequest(url: "http://\(self.address)\(request.path)")
        outgoing.method = .POST
        outgoing.headers.add(name: "content-type", value: request.contentType)
        outgoing.body = .bytes(ByteBuffer(bytes: request.body))
        let left = deadline.remaining(at: self.time.now)
        let answer = try await HTTPClient.shared.execute(outgoing, timeout: .nanoseconds(left.nanoseconds))
        let body = try await answer.body.collect(upTo: 1 << 20)
        return OTLPAnswer(
            status: Int(answer.status.code), retryAfter: answer.headers.first(name: "retry-after"),
            body: Array(body.readableBytesView))
    }
}
