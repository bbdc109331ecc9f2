import Chassis
import ChassisTesting
import Essentials
import EssentialsTesting
import EventSourcing
import HTTPTypes
import ShopContracts
import Testing

@testable import Payments

@Suite struct PaymentCallTests {
    private let payment = PaymentID(UniqueID(high: 3, low: 1))

    @Test func `a payment is authorised, captured and refunded, each once`() async throws {
        let bench = try await PaymentsBench()
        let key = bench.platform.ids.next()
        #expect(try await bench.authorize(self.payment, key: key).json["status"]?.string == "AUTHORIZED")
        #expect(try await bench.authorize(self.payment, key: key).status == 201)
        #expect(try await bench.authorize(self.payment).status == 201)
        #expect(try await bench.revenue() == 0)
        for _ in 0..<2 {
            #expect(try await bench.settle(self.payment, "capture", key: key).json["status"]?.string == "CAPTURED")
        }
        #expect(try await bench.settle(self.payment, "capture").status == 200)
        #expect(try await bench.revenue() == 1_250)
        #expect(try await bench.settle(self.payment, "void").code == "conflict")
        for _ in 0..<2 {
            #expect(try await bench.settle(self.payment, "refund", key: key).json["status"]?.string == "REFUNDED")
        }
        #expect(try await bench.revenue() == 0)
        #expect(try await bench.settle(self.payment, "void").json["status"]?.string == "REFUNDED")
        #expect(
            try await bench.facts() == [
                "PaymentRequested", "PaymentAuthorized", "PaymentCaptured", "PaymentRefunded",
            ])
        #expect(try await bench.isBalanced())
    }

    @Test func `a declined payment tells the provider's reason and moves nothing`() async throws {
        let bench = try await PaymentsBench()
        for _ in 0..<2 {
            let answer = try await bench.authorize(self.payment, .declined)
            #expect(answer.status == 422)
            #expect(answer.code == "payment-declined")
            #expect(answer.json["details"]?["reason"]?.string == "insufficient funds")
        }
        #expect(try await bench.settle(self.payment, "capture").code == "payment-declined")
        #expect(try await bench.settle(self.payment, "void").json["status"]?.string == "DECLINED")
        #expect(try await bench.facts() == ["PaymentRequested", "PaymentDeclined"])
    }

    @Test func `a lost answer makes the outcome unknown until the provider is inquired`() async throws {
        let bench = try await PaymentsBench()
        #expect(try await bench.authorize(self.payment, .lost).json["status"]?.string == "UNKNOWN")
        #expect(try await bench.status(self.payment) == "AUTHORIZED")
        #expect(
            try await bench.facts() == ["PaymentRequested", "PaymentOutcomeUnknown", "PaymentAuthorized"])
    }

    @Test func `an outcome that the provider does not know yet stays unknown for two seconds`() async throws {
        let bench = try await PaymentsBench()
        #expect(try await bench.authorize(self.payment, .unknown).json["status"]?.string == "UNKNOWN")
        #expect(try await bench.status(self.payment) == "UNKNOWN")
        let capture = try await bench.settle(self.payment, "capture")
        #expect(capture.status == 503)
        bench.platform.wallClock.advance(by: .seconds(2))
        #expect(try await bench.payments.reconcile() == 1)
        #expect(try await bench.payments.reconcile() == 0)
        #expect(try await bench.status(self.payment) == "AUTHORIZED")
    }

    @Test func `a slow provider answers after three seconds`() async throws {
        let bench = try await PaymentsBench()
        let payment = self.payment
        async let answer = bench.authorize(payment, .slow)
        await bench.platform.clock.waitForSleepers()
        bench.platform.clock.advance(by: .seconds(3))
        #expect(try await answer.json["status"]?.string == "AUTHORIZED")
    }

    @Test func `a void gives the card free, and nothing is captured after it`() async throws {
        let bench = try await PaymentsBench()
        _ = try await bench.authorize(self.payment)
        for _ in 0..<2 {
            #expect(try await bench.settle(self.payment, "void").json["status"]?.string == "VOIDED")
        }
        #expect(try await bench.settle(self.payment, "capture").code == "payment-voided")
        #expect(try await bench.authorize(self.payment).code == "payment-voided")
        #expect(try await bench.revenue() == 0)
        #expect(try await bench.isBalanced())
    }

    @Test(arguments: ["void", "refund"])
    func `a void that overtakes its payment leaves a tombstone`(_ verb: String) async throws {
        let bench = try await PaymentsBench()
        #expect(try await bench.settle(self.payment, verb).json["status"]?.string == "VOIDED")
        #expect(try await bench.authorize(self.payment).code == "payment-voided")
        #expect(try await bench.facts() == ["PaymentVoided"])
    }

    @Test func `a refund of what is only authorised voids it`() async throws {
        let bench = try await PaymentsBench()
        _ = try await bench.authorize(self.payment)
        #expect(try await bench.settle(self.payment, "refund").json["status"]?.string == "VOIDED")
        #expect(try await bench.isBalanced())
    }

    @Test func `the same id with another amount is refused`() async throws {
        let bench = try await PaymentsBench()
        _ = try await bench.authorize(self.payment)
        #expect(try await bench.authorize(self.payment, amount: "13.00").code == "conflict")
    }

    @Test func `a payment whose call died with the process is inquired and carried out once`() async throws {
        let bench = try await PaymentsBench()
        let wish = PaymentRequested(
            paymentId: self.payment, customerId: CustomerID(UniqueID(high: 7, low: 7)),
            amount: Money(minor: 1_250, .eur), method: .ok, orderId: OrderID(self.payment.rawValue), accountId: nil)
        let repository = Repository<Payment>(
            ids: bench.platform.ids, wallClock: bench.platform.wallClock.wallClock)
        let id = bench.platform.ids.next()
        try await bench.store.write { unit in
            _ = try repository.execute(
                .request(wish), on: wish.paymentId.rawValue, metadata: EventMetadata(correlationID: id), in: unit)
            try Projector<any ServiceUnit>([PaymentsView()], log: { $0 }).advance(in: unit)
        }
        #expect(try await bench.payments.reconcile() == 1)
        #expect(try await bench.status(self.payment) == "AUTHORIZED")
        #expect(try await bench.isBalanced())
    }

    @Test(arguments: [FaultyProvider.Fault.dropRequest, .dropAnswer])
    func `nobody is charged twice or for nothing, whichever call to the provider is lost`(
        _ fault: FaultyProvider.Fault,
    ) async throws {
        for verb in ["capture", "void", "refund"] {
            for index in 0..<8 {
                let faults = FaultQueue()
                let bench = try await PaymentsBench { environment in
                    FaultyProvider(
                        SimulatedProvider(
                            environment.store, wallClock: environment.wallClock, time: environment.time), faults)
                }
                faults.fail(index, fault)
                _ = try await bench.authorize(self.payment)
                _ = try await bench.settle(self.payment, "capture")
                if verb != "capture" { _ = try await bench.settle(self.payment, verb) }
                // Callers repeat what was answered with 503, and nothing else.
                if try await bench.settle(self.payment, "capture").status == 503 {
                    #expect(try await bench.settle(self.payment, "capture").status == 200)
                }
                if verb == "refund" { #expect(try await bench.settle(self.payment, "refund").status == 200) }
                let id = self.payment
                let book = try await bench.store.read { try ProviderBook($0).entry(id)?.status }
                let status = try await bench.status(self.payment)
                #expect(book?.rawValue.uppercased() == status, "\(verb) \(index)")
                #expect(try await bench.revenue() == (book == .captured ? 1_250 : 0), "\(verb) \(index)")
                #expect(try await bench.isBalanced())
                #expect(try await bench.mismatches()?.isEmpty == true)
            }
        }
    }

    @Test func `a charge that only the provider knows of is told`() async throws {
        let bench = try await PaymentsBench()
        let provider = SimulatedProvider(
            bench.store, wallClock: bench.platform.wallClock.wallClock, time: bench.platform.time)
        #expect(try await bench.mismatches()?.isEmpty == true)
        _ = try await provider.authorize(
            ProviderCharge(paymentID: self.payment, amount: Money(minor: 1, .eur), method: .ok))
        #expect(
            try await bench.mismatches() == [
                ["ours": "NONE", "paymentId": .string(self.payment.description), "provider": "AUTHORIZED"]
            ])
    }

    @Test(arguments: ["0", "-1.00", "1.234", "1e3", "abc", "99999999999999999"])
    func `an amount that is none is refused with the place`(_ amount: String) async throws {
        let bench = try await PaymentsBench()
        let answer = try await bench.authorize(self.payment, amount: amount)
        #expect(answer.status == 400)
        #expect(answer.json["detail"]?.string?.contains("amount") == true)
    }

    @Test func `people cannot reach the internal calls`() async throws {
        let bench = try await PaymentsBench()
        let answer = try await bench.platform.call(
            .payments, .post, "/internal/payments/\(self.payment)/capture", as: bench.platform.person(),
            headers: bench.headers)
        #expect(answer.status == 403)
    }

    @Test func `every fact reads what its first version wrote`() throws {
        let id = "00000000-0000-0003-0000-000000000001"
        let samples: [(String, String)] = [
            (
                "PaymentRequested",
                #"{"amount":{"currency":"EUR","minor":1250},"customerId":"\#(id)","method":"pm_ok","orderId":"\#(id)","#
                    + #""paymentId":"\#(id)"}"#
            ),
            ("PaymentAuthorized", #"{"paymentId":"\#(id)"}"#),
            ("PaymentDeclined", #"{"paymentId":"\#(id)","reason":"insufficient funds"}"#),
            ("PaymentOutcomeUnknown", #"{"paymentId":"\#(id)","reason":"lost"}"#),
            ("PaymentCaptured", #"{"paymentId":"\#(id)"}"#),
            ("PaymentVoided", #"{"paymentId":"\#(id)"}"#),
            ("PaymentRefunded", #"{"paymentId":"\#(id)"}"#),
        ]
        #expect(samples.map(\.0).sorted() == PaymentEvent.catalog.types)
        for (type, json) in samples {
            let fact = try PaymentEvent.catalog.decode(Self.event(type, json))
            #expect(String(decoding: try EventCoding.encode(fact.payload), as: UTF8.self) == json)
        }
        let opened = #"{"accountId":"\#(id)","currency":"EUR","ownerId":"\#(id)"}"#
        let fact = try AccountEvent.catalog.decode(Self.event("AccountOpened", opened))
        #expect(String(decoding: try EventCoding.encode(fact.payload), as: UTF8.self) == opened)
    }

    private static func event(_ type: String, _ json: String) -> NewEvent {
        NewEvent(
            id: UniqueID(high: 9, low: 9), type: type, schemaVersion: 1, timestamp: Timestamp(microseconds: 0),
            metadata: EventMetadata(correlationID: UniqueID(high: 9, low: 9)), data: Array(json.utf8))
    }
}
