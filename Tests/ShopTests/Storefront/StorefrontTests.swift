import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import HTTPTypes
import ShopContracts
import Testing

@Suite("Storefront", .timeLimit(.minutes(10))) struct StorefrontTests {
    @Test func `the catalogue can be looked through, by category and by words, without an account`() async throws {
        let shop = try await StorefrontFixture()
        let all = try await shop.browser.get("/")
        #expect(all.status == 200)
        #expect(all.text.contains("Piston fountain pen"))
        #expect(all.text.contains("href=\"/?category=books\""))
        let books = try await shop.browser.get("/?category=books")
        #expect(books.text.contains("Bread, Slowly"))
        #expect(!books.text.contains("Piston fountain pen"))
        let found = try await shop.browser.get("/?q=fountain")
        #expect(found.text.contains("Results for “fountain”"))
        #expect(!found.text.contains("Bread, Slowly"))
        #expect(try await shop.browser.get("/?q=zzzz").text.contains("Nothing found"))
    }

    @Test func `what somebody types is text on the page, never markup`() async throws {
        let shop = try await StorefrontFixture()
        let page = try await shop.browser.get("/?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27%26")
        #expect(!page.text.contains("<script>alert"))
        #expect(page.text.contains("value=\"&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\""))
        try await shop.register("<i>Ada</i>")
        let home = try await shop.browser.get("/")
        #expect(home.text.contains("&lt;i&gt;Ada&lt;/i&gt;"))
        #expect(!home.text.contains("<i>"))
    }

    @Test func `pages load from their own origin only, and cannot be framed`() async throws {
        let shop = try await StorefrontFixture()
        let fields = try await shop.browser.get("/").response.head.headerFields
        let policy = try #require(fields[.contentSecurityPolicy])
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
        #expect(fields[.setCookie]?.contains("HttpOnly; SameSite=Lax") == true)
    }

    @Test func `a customer registers, fills the basket, checks out, and sees the order`() async throws {
        let shop = try await StorefrontFixture()
        #expect(try await shop.put("2").location == "/basket")
        #expect(try await shop.browser.get("/basket").text.contains("110.00 EUR"))
        #expect(try await shop.browser.get("/checkout").location == "/login?target=%2Fcheckout")
        #expect(try await shop.register(target: "/checkout").location == "/checkout")
        let checkout = try await shop.browser.get("/checkout")
        let key = try #require(checkout.value(of: "key"))
        #expect(checkout.text.contains("2 pieces, 110.00 EUR"))
        #expect(try await shop.checkOut(key: key).location == "/orders/\(shop.orders.order)")
        let call = try #require(shop.orders.calls.first)
        #expect(call.key == key)
        #expect(call.body["items"]?.array?.first?["quantity"] == 2)
        #expect(call.body["shippingAddress"]?["country"] == "FR")
        #expect(try await shop.browser.get("/basket").text.contains("It is empty"))
        shop.orders.answers(200, "CONFIRMED")
        let order = try await shop.browser.get("/orders/\(shop.orders.order)")
        #expect(order.text.contains("Paid, and being packed"))
        #expect(order.text.contains("&lt;b&gt;because&lt;/b&gt;"))
    }

    @Test func `a refused order keeps the basket and says why, and the next try is another order`() async throws {
        let shop = try await StorefrontFixture()
        try await shop.register()
        _ = try await shop.put()
        let key = try #require(try await shop.browser.get("/checkout").value(of: "key"))
        shop.orders.answers(422, "")
        let refused = try await shop.checkOut(key: key)
        #expect(refused.status == 422)
        #expect(refused.text.contains("no &lt;such&gt; thing"))
        #expect(refused.text.contains("value=\"1 Main Street\""))
        #expect(refused.value(of: "key") != key)
        #expect(try await shop.browser.get("/basket").text.contains("Piston fountain pen"))
    }

    @Test func `an order that moves is told to the browser that follows it`() async throws {
        let shop = try await StorefrontFixture()
        try await shop.register()
        shop.orders.answers(200, "SHIPPED")
        let path = "/orders/\(shop.orders.order)/progress"
        let moved = try await shop.browser.get("\(path)?state=CONFIRMED")
        #expect(moved.status == 200)
        #expect(moved.response.head.headerFields[HTTPField.Name("X-Order-State")!] == "SHIPPED")
        shop.orders.answers(200, "DELIVERED")
        #expect(try await shop.browser.get("\(path)?state=DELIVERED").status == 410)
    }

    @Test func `a follower of an order that stands still is answered after a while`() async throws {
        let shop = try await StorefrontFixture()
        try await shop.register()
        shop.orders.answers(200, "SHIPPED")
        async let page = shop.browser.get("/orders/\(shop.orders.order)/progress?state=SHIPPED")
        for _ in 0..<40 {
            await shop.platform.clock.waitForSleepers(1)
            shop.platform.clock.advance(by: .milliseconds(250))
        }
        #expect(try await page.status == 204)
    }

    @Test func `what a customer asks of an order is asked of the API, and a refusal stands on the page`() async throws {
        let shop = try await StorefrontFixture()
        try await shop.register()
        shop.orders.answers(200, "CONFIRMED")
        let path = "/orders/\(shop.orders.order)"
        #expect(try await shop.browser.send("\(path)/cancel", [:]).location == path)
        #expect(shop.orders.calls.last?.path == "/v1\(path)/cancel")
        shop.orders.answers(404, "")
        #expect(try await shop.browser.get(path).status == 404)
    }
}

@Suite("Visits", .timeLimit(.minutes(10))) struct VisitTests {
    @Test(arguments: ["", "0", String(repeating: "a", count: 64)])
    func `a form without the token of this browser is refused`(_ token: String) async throws {
        let shop = try await StorefrontFixture()
        let answer = try await shop.browser.send(
            "/basket", ["product": shop.pen.id.description, "quantity": "1"], token: token)
        #expect(answer.status == 403)
        #expect(try await shop.browser.get("/basket").text.contains("It is empty"))
    }

    @Test func `the token of one browser is no good in another`() async throws {
        let shop = try await StorefrontFixture()
        let other = try await Browser(shop.platform).get("/login").value(of: "token")
        let answer = try await shop.browser.send("/logout", [:], token: other ?? "")
        #expect(answer.status == 403)
    }

    @Test func `logging in changes the browser's secret and keeps the basket`() async throws {
        let shop = try await StorefrontFixture()
        _ = try await shop.put()
        let before = try #require(shop.browser.visit)
        try await shop.register()
        let after = try #require(shop.browser.visit)
        #expect(after != before)
        #expect(try await shop.browser.get("/basket").text.contains("Piston fountain pen"))
        shop.browser.visit = before
        #expect(try await shop.browser.get("/account").location == "/login?target=%2Faccount")
    }

    @Test func `the browser never sees a token of the API`() async throws {
        let shop = try await StorefrontFixture()
        try await shop.register()
        for path in ["/", "/account", "/basket", "/orders"] {
            #expect(!(try await shop.browser.get(path).text.contains("eyJ")), "\(path)")
        }
        #expect(shop.browser.visit?.utf8.count == 64)
    }

    @Test func `a wrong password says so with 401`() async throws {
        let shop = try await StorefrontFixture()
        let answer = try await shop.browser.send("/login", ["email": "ada@example.org", "password": "wrong password"])
        #expect(answer.status == 401)
        #expect(answer.text.contains("no account has this e-mail address with this password"))
        #expect(answer.value(of: "email") == nil)
        #expect(answer.text.contains("value=\"ada@example.org\""))
    }

    @Test func `a session is renewed before its token expires, and ends with the account's`() async throws {
        let shop = try await StorefrontFixture()
        try await shop.register()
        shop.users.pass(.seconds(24 * 3_600))
        #expect(try await shop.browser.get("/account").status == 200)
        shop.orders.answers(401, "")
        #expect(try await shop.browser.get("/orders").location == "/login?target=%2Forders")
    }

    @Test func `logging out forgets the visit`() async throws {
        let shop = try await StorefrontFixture()
        try await shop.register()
        let secret = shop.browser.visit
        #expect(try await shop.browser.send("/logout", [:]).location == "/")
        shop.browser.visit = secret
        #expect(try await shop.browser.get("/account").location == "/login?target=%2Faccount")
    }

    @Test(arguments: ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "elsewhere"])
    func `nobody is sent to another site after logging in`(_ target: String) async throws {
        let shop = try await StorefrontFixture()
        #expect(try await shop.register(target: target).location == "/")
    }

    @Test(arguments: ["0", "101", "-1", "1.5", "many", ""])
    func `a quantity that no order may have is refused`(_ quantity: String) async throws {
        let shop = try await StorefrontFixture()
        let answer = try await shop.put(quantity)
        #expect(answer.status == 400)
        #expect(answer.text.contains("a whole number from 1 to 100"))
    }

    @Test func `an asset is asked for once`() async throws {
        let shop = try await StorefrontFixture()
        let first = try await shop.browser.get("/assets/style.css")
        #expect(first.status == 200)
        let tag = try #require(first.response.head.headerFields[.eTag])
        let second = try await shop.browser.get("/assets/style.css", headers: [.ifNoneMatch: tag])
        #expect(second.status == 304)
        #expect(second.text.isEmpty)
    }
}
