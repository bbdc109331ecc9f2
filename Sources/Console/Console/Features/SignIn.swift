import Chassis
import Essentials
import HTTPTypes

/// Logging in and out.
struct SignIn: Sendable {
    let pages: ConsolePages

    var routes: [Route] { [self.form, self.logIn, self.logOut] }

    private static let target = Parameter.query("target", .text(0...2_000), "Where to go afterwards.")

    /// Only pages of the console: nobody is sent elsewhere by a link to this page.
    private static func target(_ text: String?) -> String {
        guard let text, text == "/console" || text.hasPrefix("/console/") || text.hasPrefix("/console?"),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return "/console" }
        return text
    }

    private var form: Route {
        .page(.get, "/console/login", "showConsoleLogIn", parameters: [Self.target]) { request in
            .page(Self.page(target: Self.target(request.query["target"]), email: "", refusal: nil))
        }
    }

    /// There is no session yet that a form could be bound to: that it comes from our own page is said by the browser.
    private var logIn: Route {
        .page(.post, "/console/login", "logInToConsole") { request in
            let form = try FormFields(request)
            let target = Self.target(form["target"])
            let email = form["email"] ?? ""
            guard Self.isOwn(request) else {
                throw Problem(.forbidden, "this form was sent by another site")
            }
            do {
                let secret = try await self.pages.operators.begin(
                    email, Redacted(form.raw("password") ?? ""), request)
                return .redirect(to: target, headers: self.pages.operators.cookie.field(secret.text))
            } catch let problem as RemoteProblem where problem.isFinal || problem.status == 429 {
                return Self.refused(problem.detail, problem.status, target: target, email: email)
            } catch let problem as Problem where problem.type == .forbidden {
                return Self.refused(problem.detail, 403, target: target, email: email)
            }
        }
    }

    /// Browsers say where a form comes from; what says nothing is no browser, and carries no cookies of anybody.
    private static func isOwn(_ request: RoutedRequest) -> Bool {
        guard let site = request.header(.fetchSite) else { return true }
        return site == "same-origin" || site == "none"
    }

    private var logOut: Route {
        self.pages.page(.post, "/console/logout", "logOutOfConsole") { call in
            try call.secret?.requireOwnForm(try FormFields(call.request))
            if let secret = call.secret { try await self.pages.operators.forget(secret) }
            return .redirect(to: "/console/login", headers: self.pages.operators.cookie.field(nil))
        }
    }

    private static func refused(_ detail: String, _ status: Int, target: String, email: String) -> ServiceResponse {
        .page(Self.page(target: target, email: email, refusal: detail), status: HTTPResponse.Status(code: status))
    }

    private static func page(target: String, email: String, refusal: String?) -> HTML {
        let alert: HTML? = refusal.map { "<p class=\"alert\" role=\"alert\">\($0)</p>" }
        return Frame.document(
            "Log in", class: "entry",
            """
            <main id="main" class="entry"><div class="brand">\(Frame.mark)Mainstay</div><h1>Console</h1>
            <p class="quiet">For operators and administrators.</p>\(alert)
            <form method="post" action="/console/login" class="login"><input type="hidden" name="target" value="\(target)">
            <label>E-mail<input name="email" type="email" value="\(email)" autocomplete="username" required></label>
            <label>Password<input name="password" type="password" autocomplete="current-password" required></label>
            <button class="primary">Log in</button></form></main>
            """)
    }
}

extension HTTPField.Name {
    fileprivate static let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
}
