import Essentials
import HTTPTypes

/// What pages load: a small file that browsers keep for a day and ask after by its hash.
public struct PageAsset: Hashable, Sendable {
    public let path: String
    public let mediaType: String
    public let text: String

    public init(path: String, mediaType: String, text: String) {
        self.path = path
        self.mediaType = mediaType
        self.text = text
    }

    /// A route that serves it: 304 to a browser that has it.
    public var route: Route {
        .page(.get, PathPattern(stringLiteral: self.path), "load \(self.path)") { self.answer(to: $0) }
    }

    private func answer(to request: RoutedRequest) -> ServiceResponse {
        let tag = "\"\(String(FNV1a.hash(self.text), radix: 16))\""
        guard request.header(.ifNoneMatch) != tag else {
            return ServiceResponse(status: .notModified, headers: [.eTag: tag, .cacheControl: "public, max-age=86400"])
        }
        return ServiceResponse(
            status: .ok,
            headers: [
                .contentType: self.mediaType, .eTag: tag, .cacheControl: "public, max-age=86400",
                .xContentTypeOptions: "nosniff",
            ], body: Array(self.text.utf8))
    }
}
