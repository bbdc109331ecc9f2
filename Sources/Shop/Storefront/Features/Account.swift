import Chassis
import Essentials
import HTTPTypes

/// Logging in and out, registering.
struct Account: Sendable {
    let pages: ShopPages

    var routes: [Route] { [self.logInForm, self.logIn, self.registerForm, self.register, self.account, self.logOut] }

    private static let target = Parameter.query("target", .text(0...2_000), "Where to go afterwards.")

    /// Only paths of our own: nobody is sent elsewhere by a link to this page.
    private static func target(_ text: String?) -> String {
        guard let text, text.hasPrefix("/"), !text.hasPrefix("//"), !text.contains("\\"),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return "/" }
        return text
    }

    private var logInForm: Route {
        self.pages.page(.get, "/login", "showLogIn", parameters: [Self.target]) { call in
            .page(AccountPages.logIn(target: Self.target(call.request.query["target"]), for: call.visitor))
        }
    }

    private var logIn: Route {
        self.pages.form("/login", "logInBySession") { call, form in
            let target = Self.target(form["target"])
            let email = form["email"] ?? ""
            do {
                return try await self.begin(email, Redacted(form.raw("password") ?? ""), call, target)
            } catch let problem as RemoteProblem where problem.isFinal || problem.status == 429 {
                return .page(
                    AccountPages.logIn(email: email, target: target, refusal: problem.detail, for: call.visitor),
                    status: HTTPResponse.Status(code: problem.status))
            }
        }
    }

    private var registerForm: Route {
        self.pages.page(.get, "/register", "showRegistration", parameters: [Self.target]) { call in
            .page(AccountPages.register(target: Self.target(call.request.query["target"]), for: call.visitor))
        }
    }

    private var register: Route {
        self.pages.form("/register", "registerByForm") { call, form in
            let target = Self.target(form["target"])
            let (email, name) = (form["email"] ?? "", form["name"] ?? "")
            let password = Redacted(form.raw("password") ?? "")
            do {
                _ = try await self.pages.api.register(email: email, name: name, password: password, call.api)
                return try await self.begin(email, password, call, target)
            } catch let problem as RemoteProblem where problem.isFinal || problem.status == 429 {
                return .page(
                    AccountPages.register(
                        email: email, name: name, target: target, refusal: problem.detail, for: call.visitor),
                    status: HTTPResponse.Status(code: problem.status))
            }
        }
    }

    private func begin(
        _ email: String, _ password: Redacted<String>, _ call: PageCall, _ target: String,
    ) async throws -> ServiceResponse {
        let session = try await self.pages.api.logIn(email: email, password: password, call.api)
        var api = call.api
        api.person.token = session.accessToken
        let profile = try await self.pages.api.profile(api)
        let known = try await self.pages.visitors.begin(session, profile, from: call.visitor)
        return .redirect(to: target, headers: self.pages.visitors.cookie.field(known.secret.text))
    }

    private var account: Route {
        self.pages.page(.get, "/account", "showAccount") { call in
            guard let customer = call.visitor.customer else { return .redirect(to: call.logInPath) }
            return .page(AccountPages.account(customer, for: call.visitor))
        }
    }

    private var logOut: Route {
        self.pages.form("/logout", "logOutBySession") { call, _ in
            if call.visitor.customer != nil { try await self.pages.api.logOut(call.api) }
            try await self.pages.visitors.forget(call.visitor)
            return .redirect(to: "/", headers: self.pages.visitors.cookie.field(nil))
        }
    }
}
