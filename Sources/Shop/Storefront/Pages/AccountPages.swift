import Chassis

/// Who somebody is.
enum AccountPages {
    /// - Parameter target: where to go afterwards, one of our own paths.
    static func logIn(email: String = "", target: String, refusal: String? = nil, for visitor: Visitor) -> HTML {
        let password = Layout.field(
            "password", "Password", type: "password", autocomplete: "current-password", longest: 1_024)
        let form = Layout.form(
            "/login", for: visitor,
            """
            <input type="hidden" name="target" value="\(target)">\(Self.emailField(email))\(password)
            <button class="primary">Log in</button>
            """)
        return Layout.page(
            "Log in", for: visitor,
            """
            <h1>Log in</h1>\(Layout.alert(refusal))
            \(form)
            <p>New here? <a href="/register?target=\(PercentEncoding.encode(target))">Register</a></p>
            """)
    }

    static func register(
        email: String = "", name: String = "", target: String, refusal: String? = nil, for visitor: Visitor,
    ) -> HTML {
        let nameField = Layout.field("name", "Name", value: name, autocomplete: "name", longest: 100)
        let password = Layout.field(
            "password", "Password, 8 characters or more", type: "password", autocomplete: "new-password", longest: 128)
        let form = Layout.form(
            "/register", for: visitor,
            """
            <input type="hidden" name="target" value="\(target)">\(nameField)\(Self.emailField(email))\(password)
            <button class="primary">Register</button>
            """)
        return Layout.page(
            "Register", for: visitor,
            """
            <h1>Register</h1>\(Layout.alert(refusal))
            \(form)
            <p>Been here before? <a href="/login?target=\(PercentEncoding.encode(target))">Log in</a></p>
            """)
    }

    private static func emailField(_ email: String) -> HTML {
        Layout.field("email", "E-mail address", type: "email", value: email, autocomplete: "username", longest: 254)
    }

    static func account(_ customer: Visit.Customer, for visitor: Visitor) -> HTML {
        Layout.page(
            "Account", for: visitor,
            """
            <h1>\(customer.name)</h1><p>\(customer.email)</p><p><a href="/orders">Your orders</a></p>
            \(Layout.form("/logout", for: visitor, class: "inline", "<button>Log out</button>"))
            """)
    }

    static func refused(_ title: String, _ detail: String, for visitor: Visitor) -> HTML {
        Layout.page(title, for: visitor, "<h1>\(title)</h1><p>\(detail)</p><p><a href=\"/\">Back to the shop</a></p>")
    }
}
