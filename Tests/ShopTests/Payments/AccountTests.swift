import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import ShopContracts
import Testing

@testable import Payments

@Suite struct AccountTests {
    private func posting(
        _ bench: PaymentsBench, _ id: UniqueID, _ direction: String, _ account: AccountID, _ amount: String,
        currency: String = "EUR",
    ) async throws -> TestAnswer {
        try await bench.platform.call(
            .payments, .post, "/internal/postings", as: .service("transfers"), headers: bench.headers,
            json: [
                "postingId": .string(id.description), "transferId": .string(id.description),
                "accountId": .string(account.description), "direction": .string(direction),
                "amount": ["amount": .string(amount), "currency": .string(currency)],
            ])
    }

    private func settle(_ bench: PaymentsBench, _ id: UniqueID, _ verb: String) async throws -> TestAnswer {
        try await bench.platform.call(
            .payments, .post, "/internal/postings/\(id)/\(verb)", as: .service("transfers"), headers: bench.headers)
    }

    @Test func `a deposit fills an account once a key`() async throws {
        let bench = try await PaymentsBench()
        let owner = bench.platform.person()
        let account = try await bench.wallet(of: owner)
        let key = bench.platform.ids.next()
        let first = try await bench.deposit("100.00", to: account, of: owner, key: key)
        let again = try await bench.deposit("100.00", to: account, of: owner, key: key)
        let other = try await bench.deposit("101.00", to: account, of: owner, key: key)
        #expect(first.status == 201)
        #expect(first.json["status"]?.string == "COMPLETED")
        #expect(again.json == first.json)
        #expect(again.response.head.headerFields[.idempotencyReplayed] == "true")
        #expect(other.code == "idempotency-key-reused")
        #expect(try await bench.amount("balance", of: account, owner) == "100.00")
        #expect(try await bench.isBalanced())
    }

    @Test func `a deposit of unknown outcome is finished by the reconciler`() async throws {
        let bench = try await PaymentsBench()
        let owner = bench.platform.person()
        let account = try await bench.wallet(of: owner)
        let answer = try await bench.deposit("100.00", to: account, of: owner, method: .unknown)
        #expect(answer.json["status"]?.string == "PENDING")
        #expect(try await bench.amount("balance", of: account, owner) == "0.00")
        bench.platform.wallClock.advance(by: .seconds(2))
        try await bench.payments.reconcile()
        #expect(try await bench.amount("balance", of: account, owner) == "100.00")
    }

    @Test func `a declined deposit moves nothing`() async throws {
        let bench = try await PaymentsBench()
        let owner = bench.platform.person()
        let account = try await bench.wallet(of: owner)
        #expect(try await bench.deposit("5.00", to: account, of: owner, method: .declined).code == "payment-declined")
        #expect(try await bench.amount("balance", of: account, owner) == "0.00")
    }

    @Test(arguments: [("0", 400), ("-5", 400), ("1.001", 400), ("1000000.01", 400), ("1000000", 201)])
    func `deposits are checked`(_ amount: String, status: Int) async throws {
        let bench = try await PaymentsBench()
        let owner = bench.platform.person()
        let account = try await bench.wallet(of: owner)
        #expect(try await bench.deposit(amount, to: account, of: owner).status == status)
        #expect(try await bench.deposit("1.00", "USD", to: account, of: owner).code == "unprocessable")
    }

    @Test func `accounts and payments of others cannot be seen`() async throws {
        let bench = try await PaymentsBench()
        let owner = bench.platform.person()
        let stranger = bench.platform.person()
        let account = try await bench.wallet(of: owner, holding: "10.00")
        let listed = try await bench.platform.call(.payments, .get, "/v1/payments", as: owner)
        let payment = listed.json["items"]?.array?.first?["paymentId"]?.string ?? ""
        for path in ["/v1/accounts/\(account)", "/v1/accounts/\(account)/entries", "/v1/payments/\(payment)"] {
            #expect(try await bench.platform.call(.payments, .get, path, as: owner).status == 200)
            #expect(try await bench.platform.call(.payments, .get, path, as: stranger).status == 404)
        }
        #expect(try await bench.deposit("1.00", to: account, of: stranger).status == 404)
        let empty = try await bench.platform.call(.payments, .get, "/v1/payments", as: stranger)
        #expect(empty.json["items"]?.array?.isEmpty == true)
    }

    @Test func `lists come in pages`() async throws {
        let bench = try await PaymentsBench()
        let owner = bench.platform.person()
        let account = try await bench.wallet(of: owner)
        for _ in 0..<5 {
            bench.platform.wallClock.advance(by: .seconds(1))
            _ = try await bench.deposit("1.00", to: account, of: owner)
            _ = try await bench.wallet(of: owner)
        }
        for (path, count) in [("/v1/payments", 5), ("/v1/accounts", 6), ("/v1/accounts/\(account)/entries", 10)] {
            var found: [JSONValue] = []
            var query = "?limit=2"
            while true {
                let page = try await bench.platform.call(.payments, .get, path + query, as: owner)
                found += page.json["items"]?.array ?? []
                guard let cursor = page.json["nextCursor"]?.string else { break }
                query = "?limit=2&cursor=\(cursor)"
            }
            #expect(found.count == count)
            #expect(Set(found).count == count)
            let bad = try await bench.platform.call(.payments, .get, path + "?cursor=abc", as: owner)
            #expect(bad.status == 400)
        }
    }

    @Test func `a currency must exist`() async throws {
        let bench = try await PaymentsBench()
        let owner = bench.platform.person()
        let answer = try await bench.platform.call(
            .payments, .post, "/v1/accounts", as: owner, json: ["currency": "ABC"])
        #expect(answer.status == 400)
    }

    @Test func `a debit leg holds money until it is posted or voided`() async throws {
        let bench = try await PaymentsBench()
        let owner = bench.platform.person()
        let account = try await bench.wallet(of: owner, holding: "10.00")
        let (one, two) = (bench.platform.ids.next(), bench.platform.ids.next())
        #expect(try await self.posting(bench, one, "DEBIT", account, "7.00").json["status"]?.string == "PENDING")
        #expect(try await self.posting(bench, one, "DEBIT", account, "7.00").status == 201)
        #expect(try await self.posting(bench, one, "DEBIT", account, "6.00").code == "conflict")
        #expect(try await bench.amount("available", of: account, owner) == "3.00")
        #expect(try await bench.amount("balance", of: account, owner) == "10.00")
        #expect(try await self.posting(bench, two, "DEBIT", account, "3.01").code == "insufficient-funds")
        #expect(try await self.settle(bench, one, "post").json["status"]?.string == "POSTED")
        #expect(try await self.settle(bench, one, "post").json["status"]?.string == "POSTED")
        #expect(try await self.settle(bench, one, "void").code == "conflict")
        #expect(try await bench.amount("balance", of: account, owner) == "3.00")
        #expect(try await self.posting(bench, two, "DEBIT", account, "3.00").status == 201)
        #expect(try await self.settle(bench, two, "void").json["status"]?.string == "VOIDED")
        #expect(try await self.settle(bench, two, "void").json["status"]?.string == "VOIDED")
        #expect(try await self.settle(bench, two, "post").code == "posting-voided")
        #expect(try await self.posting(bench, two, "DEBIT", account, "3.00").code == "posting-voided")
        #expect(try await bench.amount("available", of: account, owner) == "3.00")
        #expect(try await bench.isBalanced())
    }

    @Test func `a void that overtakes its leg leaves a tombstone`() async throws {
        let bench = try await PaymentsBench()
        let owner = bench.platform.person()
        let account = try await bench.wallet(of: owner, holding: "10.00")
        let id = bench.platform.ids.next()
        #expect(try await self.settle(bench, id, "void").json["status"]?.string == "VOIDED")
        #expect(try await self.settle(bench, id, "void").status == 200)
        #expect(try await self.posting(bench, id, "DEBIT", account, "1.00").code == "posting-voided")
        #expect(try await self.settle(bench, bench.platform.ids.next(), "post").status == 404)
    }

    @Test func `a leg names an account that exists, in its currency`() async throws {
        let bench = try await PaymentsBench()
        let owner = bench.platform.person()
        let account = try await bench.wallet(of: owner, holding: "10.00")
        let id = bench.platform.ids.next()
        #expect(try await self.posting(bench, id, "DEBIT", AccountID(id), "1.00").status == 404)
        #expect(
            try await self.posting(bench, id, "DEBIT", account, "1.00", currency: "USD").code == "unprocessable")
        let summary = try await bench.platform.call(
            .payments, .get, "/internal/accounts/\(account)", as: .service("transfers"))
        #expect(summary.json["ownerId"]?.string == owner.subject.description)
        #expect(summary.json["currency"]?.string == "EUR")
    }
}
