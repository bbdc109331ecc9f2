import Chassis

/// The frame around every page.
enum Layout {
    static func page(_ title: String, for visitor: Visitor, search: String = "", _ body: HTML) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title) · Mainstay</title>
        <link rel="stylesheet" href="\(Asset.style.path)"><link rel="icon" href="\(Asset.icon.path)">
        <script src="\(Asset.script.path)" defer></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
        <a class="brand" href="/">Mainstay</a>
        <form class="search" action="/" role="search"><input type="search" name="q" value="\(search)" \
        aria-label="Search products" placeholder="Search"><button>Search</button></form>
        <nav aria-label="Account">\(Self.account(of: visitor))
        <a href="/basket">Basket <span class="count">\(visitor.visit.basket.pieces)</span></a></nav>
        </header>
        <main id="main">
        \(body)
        </main>
        <footer><p>A demonstration shop: nothing is charged and nothing is shipped.
        <a href="/docs">API</a> · <a href="/health">Health</a></p></footer>
        </body></html>
        """
    }

    private static func account(of visitor: Visitor) -> HTML {
        guard let customer = visitor.customer else {
            return "<a href=\"/login\">Log in</a> <a href=\"/register\">Register</a>"
        }
        return "<a href=\"/orders\">Orders</a> <a href=\"/account\">\(customer.name)</a>"
    }

    /// A form that only our pages can send.
    static func form(_ action: String, for visitor: Visitor, class name: String = "form", _ fields: HTML) -> HTML {
        """
        <form method="post" action="\(action)" class="\(name)"><input type="hidden" name="token" \
        value="\(visitor.formToken)">\(fields)</form>
        """
    }

    /// A refusal, above what it is about.
    static func alert(_ text: String?) -> HTML? {
        text.map { "<p class=\"alert\" role=\"alert\">\($0)</p>" }
    }

    static func field(
        _ name: String, _ label: String, type: String = "text", value: String = "", autocomplete: String,
        longest: Int = 200,
    ) -> HTML {
        """
        <label>\(label)<input name="\(name)" type="\(type)" value="\(value)" autocomplete="\(autocomplete)" \
        maxlength="\(longest)" required></label>
        """
    }
}
