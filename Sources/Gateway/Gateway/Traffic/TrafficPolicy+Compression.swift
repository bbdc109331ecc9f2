import Chassis
import Compression
import GatewayCore
import HTTPTypes

extension TrafficPolicy {
    /// Compresses a whole answer, where the route says so and the client takes it.
    func compress(_ response: inout ServiceResponse, accepting header: String?) {
        guard let policy = self.policy.compression else { return }
        let fields = response.head.headerFields
        var answer = CompressionPolicy.Answer(
            status: response.head.status.code, contentType: fields[.contentType] ?? "", length: response.body.count)
        answer.coding = fields[.contentEncoding] ?? ""
        answer.cacheControl = fields[.cacheControl] ?? ""
        answer.setsCookie = fields[.setCookie] != nil
        guard policy.covers(answer) else { return }
        response.head.headerFields.append(HTTPField(name: .vary, value: "Accept-Encoding"))
        guard let coding = policy.coding(for: answer, accepting: header) else { return }
        response.head.headerFields[.contentEncoding] = coding.rawValue
        response.head.headerFields[.contentLength] = nil
        response.head.headerFields[.acceptRanges] = nil
        if let tag = fields[.eTag] { response.head.headerFields[.eTag] = CompressionPolicy.weak(tag) }
        response.body = GzipEncoder.encode(response.body)
    }
}
