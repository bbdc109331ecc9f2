import Chassis
import Essentials
import HTTPTypes

/// What pages load: a few small files that browsers keep for a day and ask after by their hash.
struct Asset: Sendable {
    let path: String
    let mediaType: String
    let text: String

    static let style = Asset(path: "/assets/style.css", mediaType: "text/css; charset=utf-8", text: StyleSheet.text)
    static let script = Asset(path: "/assets/shop.js", mediaType: "text/javascript; charset=utf-8", text: Script.text)
    static let icon = Asset(
        path: "/assets/icon.svg", mediaType: "image/svg+xml",
        text: """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#0b5cad" d="M15 3h2v23h-2z"/>\
            <path fill="#f2a93b" d="M18 5 29 23H18z"/><path fill="#0b5cad" d="M3 26h26l-4 4H7z"/></svg>
            """)

    static let all = [style, script, icon]

    /// The answer to a request for it: 304 when the browser has it.
    func answer(to request: RoutedRequest) -> ServiceResponse {
        let tag = "\"\(Array(Visitor.digest(self.text).prefix(8)).hexadecimal)\""
        let fields: HTTPFields = [
            .contentType: self.mediaType, .eTag: tag, .cacheControl: "public, max-age=86400",
            .xContentTypeOptions: "nosniff",
        ]
        guard request.header(.ifNoneMatch) != tag else {
            return ServiceResponse(status: .notModified, headers: [.eTag: tag, .cacheControl: "public, max-age=86400"])
        }
        return ServiceResponse(status: .ok, headers: fields, body: Array(self.text.utf8))
    }
}
