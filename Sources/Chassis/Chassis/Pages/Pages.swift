public import HTTPTypes

extension Route {
    /// A page for people, or what a page loads: it is not part of the documented API.
    public static func page(
        _ method: HTTPRequest.Method, _ path: PathPattern, _ operation: String, parameters: [Parameter] = [],
        handler: @escaping @Sendable (RoutedRequest) async throws -> ServiceResponse,
    ) -> Route {
        var route = Route(
            method, path, operation, tag: "Pages", "A page", access: .anyone, parameters: parameters, answers: [],
            handler: handler)
        route.isPage = true
        return route
    }
}

extension ServiceResponse {
    /// A page that loads styles, scripts and pictures from its own origin only, cannot be framed, and is kept by nobody.
    public static func page(
        _ html: HTML, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:],
    ) -> ServiceResponse {
        var fields: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            .xContentTypeOptions: "nosniff", .referrerPolicy: "same-origin",
        ]
        fields.append(contentsOf: headers)
        return ServiceResponse(status: status, headers: fields, body: Array(html.text.utf8))
    }

    /// Sends the browser to another page, with GET.
    public static func redirect(to path: String, headers: HTTPFields = [:]) -> ServiceResponse {
        var fields: HTTPFields = [.location: path, .cacheControl: "no-store"]
        fields.append(contentsOf: headers)
        return ServiceResponse(status: .seeOther, headers: fields)
    }
}

extension HTTPField.Name {
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}

/// A cookie that scripts cannot read and that other sites' forms do not carry.
public struct PageCookie: Hashable, Sendable {
    public var name: String
    /// Whether browsers send it over TLS only. Default: false.
    public var isSecure = false
    /// How long browsers keep it, in seconds. Default: 30 days.
    public var lifetime = 2_592_000

    public init(_ name: String) {
        self.name = name
    }

    /// The value that the browser sent; nil for none.
    public func value(in request: RoutedRequest) -> String? {
        for pair in (request.header(.cookie) ?? "").split(separator: ";") {
            let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, parts[0] == self.name { return String(parts[1]) }
        }
        return nil
    }

    /// The field that sets it.
    /// - Parameter value: letters and digits; nil takes it back.
    public func field(_ value: String?) -> HTTPFields {
        let secure = self.isSecure ? "; Secure" : ""
        let lifetime = value == nil ? 0 : self.lifetime
        let text = "\(self.name)=\(value ?? ""); Path=/; HttpOnly; SameSite=Lax; Max-Age=\(lifetime)\(secure)"
        return [.setCookie: text]
    }
}
