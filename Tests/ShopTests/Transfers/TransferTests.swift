import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import Identity
import Sagas
import ShopContracts
import Testing

@testable import Transfers

@Suite struct TransferTests {
    @Test func `a transfer moves money from account to account`() async throws {
        let bench = try await TransfersBench()
        let service = try bench.start()
        let (a, b) = (
            try await bench.account(of: bench.alice, holding: "100.00"), try await bench.account(of: bench.bob)
        )
        let answer = try await bench.transfer("40.00", from: a, to: b)
        #expect(answer.status == 201)
        #expect(answer.json["status"]?.string == "PENDING")
        try await bench.settle(service)
        #expect(try await bench.status(answer.json["transferId"]?.string ?? "") == "COMPLETED")
        #expect(try await bench.amounts(a, bench.alice) == ["60.00", "60.00", "0.00"])
        #expect(try await bench.amounts(b, bench.bob) == ["40.00", "40.00", "0.00"])
        #expect(try await bench.isBalanced())
    }

    @Test func `replaying the facts yields the money at every moment: 1000, 900, 1000, 1000`() async throws {
        let bench = try await TransfersBench()
        let service = try bench.start()
        let (a, b) = (
            try await bench.account(of: bench.alice, holding: "1000.00"), try await bench.account(of: bench.bob)
        )
        _ = try await bench.transfer("100.00", from: a, to: b)
        try await bench.settle(service)
        var total: Int64 = 1_000
        var totals: [Int64] = []
        var types: [String] = []
        for fact in try await bench.facts() {
            switch fact {
            case .debited(let fact): total -= fact.amount.minor / 100
            case .credited(let fact): total += fact.amount.minor / 100
            case .refunded(let fact): total += fact.amount.minor / 100
            case .requested, .completed, .failed: break
            }
            totals.append(total)
            types.append(type(of: fact.payload).eventType)
        }
        #expect(types == ["TransferRequested", "AccountDebited", "AccountCredited", "TransactionCompleted"])
        #expect(totals == [1_000, 900, 1_000, 1_000])
    }

    @Test func `a source without enough money fails the transfer with the reason`() async throws {
        let bench = try await TransfersBench()
        let service = try bench.start()
        let (a, b) = (
            try await bench.account(of: bench.alice, holding: "10.00"), try await bench.account(of: bench.bob)
        )
        let answer = try await bench.transfer("10.01", from: a, to: b)
        try await bench.settle(service)
        let id = answer.json["transferId"]?.string ?? ""
        let view = try await bench.platform.call(.transfers, .get, "/v1/transfers/\(id)", as: bench.alice)
        #expect(view.json["status"]?.string == "FAILED")
        #expect(view.json["reason"]?.string == "the account does not hold the amount that is asked of it")
        #expect(try await bench.amounts(a, bench.alice) == ["10.00", "10.00", "0.00"])
        #expect(try await bench.isBalanced())
    }

    @Test func `a credit that is refused gives the source its money back`() async throws {
        let bench = try await TransfersBench()
        let service = try bench.start()
        let (a, b) = (
            try await bench.account(of: bench.alice, holding: "10.00"), try await bench.account(of: bench.bob)
        )
        bench.faults.refuse(#""direction":"CREDIT""#)
        let answer = try await bench.transfer("10.00", from: a, to: b)
        try await bench.settle(service)
        #expect(try await bench.status(answer.json["transferId"]?.string ?? "") == "FAILED")
        #expect(try await bench.amounts(a, bench.alice) == ["10.00", "10.00", "0.00"])
        #expect(
            try await bench.facts().map { type(of: $0.payload).eventType } == [
                "TransferRequested", "AccountDebited", "AccountRefunded", "TransferFailed",
            ])
        #expect(try await bench.isBalanced())
    }

    @Test func `#2 a refused token is no refused transfer, seed 644 of the simulator`() async throws {
        let bench = try await TransfersBench()
        let service = try bench.start()
        let (a, b) = (
            try await bench.account(of: bench.alice, holding: "10.00"), try await bench.account(of: bench.bob)
        )
        let answer = try await bench.transfer("4.00", from: a, to: b)
        bench.faults.fail(1..<4, .refuseToken)
        try await bench.settle(service)
        #expect(try await bench.status(answer.json["transferId"]?.string ?? "") == "COMPLETED")
        #expect(try await bench.amounts(b, bench.bob) == ["4.00", "4.00", "0.00"])
        #expect(try await bench.isBalanced())
    }

    @Test func `a key leads to one transfer`() async throws {
        let bench = try await TransfersBench()
        _ = try bench.start()
        let (a, b) = (
            try await bench.account(of: bench.alice, holding: "10.00"), try await bench.account(of: bench.bob)
        )
        let key = bench.platform.ids.next()
        let first = try await bench.transfer("1.00", from: a, to: b, key: key)
        let again = try await bench.transfer("1.00", from: a, to: b, key: key)
        let other = try await bench.transfer("2.00", from: a, to: b, key: key)
        #expect(again.status == 201)
        #expect(again.json == first.json)
        #expect(again.response.head.headerFields[.idempotencyReplayed] == "true")
        #expect(other.status == 422)
        #expect(other.code == "idempotency-key-reused")
        let list = try await bench.platform.call(.transfers, .get, "/v1/transfers", as: bench.alice)
        #expect(list.json["items"]?.array?.count == 1)
    }

    @Test func `a transfer is refused before it begins when it cannot be made`() async throws {
        let bench = try await TransfersBench()
        _ = try bench.start()
        let (a, b) = (
            try await bench.account(of: bench.alice, holding: "10.00"), try await bench.account(of: bench.bob)
        )
        let dollars = try await bench.account(of: bench.bob, currency: "USD")
        let nobody = AccountID(bench.platform.ids.next())
        #expect(try await bench.transfer("1.00", from: b, to: a).status == 404)
        #expect(try await bench.transfer("1.00", from: nobody, to: a).status == 404)
        #expect(try await bench.transfer("1.00", from: a, to: a).status == 422)
        #expect(try await bench.transfer("1.00", from: a, to: nobody).status == 422)
        #expect(try await bench.transfer("1.00", from: a, to: dollars).status == 422)
        #expect(try await bench.transfer("1.00", from: a, to: b, currency: "USD").status == 422)
        for amount in ["0", "-1", "1.001", "x", "1000000000000000"] {
            #expect(try await bench.transfer(amount, from: a, to: b).status == 400)
        }
        #expect(try await bench.facts().isEmpty)
    }

    @Test func `transfers of others cannot be seen, and own ones come in pages`() async throws {
        let bench = try await TransfersBench()
        _ = try bench.start()
        let (a, b) = (
            try await bench.account(of: bench.alice, holding: "10.00"), try await bench.account(of: bench.bob)
        )
        for _ in 0..<3 { _ = try await bench.transfer("1.00", from: a, to: b) }
        let page = try await bench.platform.call(.transfers, .get, "/v1/transfers?limit=2", as: bench.alice)
        let rest = try await bench.platform.call(
            .transfers, .get, "/v1/transfers?limit=2&cursor=\(page.json["nextCursor"]?.string ?? "")", as: bench.alice)
        #expect(page.json["items"]?.array?.count == 2)
        #expect(rest.json["items"]?.array?.count == 1)
        let id = page.json["items"]?.array?.first?["transferId"]?.string ?? ""
        #expect(try await bench.platform.call(.transfers, .get, "/v1/transfers/\(id)", as: bench.bob).status == 404)
    }

    @Test func `every fact reads what its first version wrote`() throws {
        let id = "00000000-0000-0003-0000-000000000001"
        let money = #""amount":{"currency":"EUR","minor":1250}"#
        let moved = #"{"accountId":"\#(id)",\#(money),"transferId":"\#(id)"}"#
        let samples: [(String, String)] = [
            (
                "TransferRequested",
                #"{\#(money),"fromAccountId":"\#(id)","ownerId":"\#(id)","toAccountId":"\#(id)","transferId":"\#(id)"}"#
            ),
            ("AccountDebited", moved), ("AccountCredited", moved), ("AccountRefunded", moved),
            ("TransactionCompleted", #"{"transferId":"\#(id)"}"#),
            ("TransferFailed", #"{"reason":"closed","transferId":"\#(id)"}"#),
        ]
        #expect(samples.map(\.0).sorted() == TransferEvent.catalog.types)
        for (type, json) in samples {
            let event = NewEvent(
                id: UniqueID(high: 9, low: 9), type: type, schemaVersion: 1, timestamp: Timestamp(microseconds: 0),
                metadata: EventMetadata(correlationID: UniqueID(high: 9, low: 9)), data: Array(json.utf8))
            let fact = try TransferEvent.catalog.decode(event)
            #expect(String(decoding: try EventCoding.encode(fact.payload), as: UTF8.self) == json)
        }
    }
}
