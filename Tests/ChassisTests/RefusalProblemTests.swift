import Chassis
import ChassisTesting
import Essentials
import HTTPTypes
import Resilience
import Testing

@Suite("A refusal at the edge")
struct RefusalProblemTests {
    @Test func `of a rate limit is a 429 with the limit, what is left and when to come back`() {
        let refusal = Refusal(
            .rateLimited, by: "login.\"email\"", .rateLimited(limit: 5, window: .seconds(900)),
            retryAfter: .milliseconds(61_001))
        let problem = ProblemMapping.problem(for: refusal)
        let response = problem.response()
        #expect(response.head.status.code == 429)
        #expect(response.head.headerFields[.retryAfter] == "62")
        #expect(response.head.headerFields[.rateLimitPolicy] == #""login.\"email\"";q=5;w=900"#)
        #expect(response.head.headerFields[.rateLimit] == #""login.\"email\"";r=0;t=62"#)
        #expect(problem.details["rule"]?.string == "rateLimited")
        #expect(problem.details["limit"] == .integer(5))
    }

    @Test func `of anything else is a 503 that names the strategy, the rule and its numbers`() {
        let refusal = Refusal(.bulkheadFull, by: "orders.critical", .bulkheadFull(running: 20, queued: 200))
        let problem = ProblemMapping.problem(for: refusal)
        #expect(problem.type == .unavailable)
        #expect(problem.details["strategy"]?.string == "orders.critical")
        #expect(problem.details["refused"]?.string == "bulkheadFull")
        #expect(problem.details["running"] == .integer(20))
        #expect(problem.details["queued"] == .integer(200))
        #expect(problem.detail == "Bulkhead 'orders.critical' is full: 20 calls run and 200 wait.")
        #expect(problem.headers[.rateLimit] == nil)
    }

    @Test(arguments: [
        (HTTPRequest.Method.post, Access.signedIn, OperationClass.critical), (.post, .services, .critical),
        (.get, .signedIn, .standard), (.get, .anyone, .standard), (.post, .anyone, .standard),
        (.get, .operators, .analytics), (.post, .operators, .standard),
    ])
    func `the class of an operation follows from what it does and for whom`(
        _ method: HTTPRequest.Method, _ access: Access, _ expected: OperationClass,
    ) {
        let route = Route(
            method, "/v1/things", "things", tag: "Things", "Things", access: access,
            answers: [Answer(.ok, .freeObject, "Things")]
        ) { _ in ServiceResponse(status: .ok) }
        #expect(route.operationClass == expected)
    }
}
