import Chassis
import Essentials
import HTTPTypes
import Telemetry

/// OTLP/HTTP: takes traces, logs and metrics of other processes. Not routed by the gateway.
struct Ingest: Sendable {
    let buffer: TelemetryBuffer
    let decoder: OTLPDecoder
    let takeMetrics: @Sendable ([MetricFamily]) async throws -> Void

    var routes: [Route] { OTLPSignal.allCases.map(self.route) }

    private func route(_ signal: OTLPSignal) -> Route {
        var route = Route.page(.post, PathPattern(stringLiteral: signal.path), "ingest \(signal.rawValue)") { request in
            try await self.take(signal, request)
        }
        route.operationClass = nil
        return route
    }

    private func take(_ signal: OTLPSignal, _ request: RoutedRequest) async throws -> ServiceResponse {
        let type = request.header(.contentType) ?? ""
        let format = OTLPFormat(contentType: type) ?? .json
        let (status, body): (HTTPResponse.Status, [UInt8])
        do throws(OTLPIngestError) {
            let (rejected, reason) = try await self.records(signal, request.raw.body, type, request)
            (status, body) = (
                .ok, OTLPResponse.success(rejected: rejected, reason: reason, signal: signal, as: format)
            )
        } catch {
            (status, body) = (.init(code: error.status), OTLPResponse.failure(error, as: format))
        }
        return ServiceResponse(status: status, headers: [.contentType: format.rawValue], body: body)
    }

    private func records(
        _ signal: OTLPSignal, _ body: [UInt8], _ type: String, _ request: RoutedRequest,
    ) async throws(OTLPIngestError) -> (Int, String) {
        let encoding = request.header(.contentEncoding)
        switch signal {
        case .traces:
            let batch = try self.decoder.traces(body, contentType: type, contentEncoding: encoding)
            for span in batch.records { self.buffer.ended(span) }
            return (batch.rejected, batch.reason)
        case .logs:
            let batch = try self.decoder.logs(body, contentType: type, contentEncoding: encoding)
            for record in batch.records { self.buffer.log(record) }
            return (batch.rejected, batch.reason)
        case .metrics:
            let batch = try self.decoder.metrics(body, contentType: type, contentEncoding: encoding)
            // What cannot be kept now is told again with the next metrics: they count since their start.
            try? await self.takeMetrics(batch.records)
            return (batch.rejected, batch.reason)
        }
    }
}
