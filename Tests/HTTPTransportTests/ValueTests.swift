import Essentials
import HTTPWire
import Testing

@testable import HTTPTransport

@Suite("Deadline wheel")
struct DeadlineWheelTests {
    private func due(_ wheel: inout DeadlineWheel, _ now: Int64) -> [UInt64] {
        var names: [UInt64] = []
        wheel.advance(to: now, &names)
        return names.sorted()
    }

    @Test func `a name comes up at the first look after its deadline, and once`() {
        var wheel = DeadlineWheel(now: 1_000)
        wheel.schedule(7, at: 1_500)
        #expect(self.due(&wheel, 1_499).isEmpty)
        #expect(self.due(&wheel, 1_500 + DeadlineWheel.granularity) == [7])
        #expect(self.due(&wheel, 100_000).isEmpty)
        #expect(wheel.count == 0)
    }

    @Test func `a deadline further away than the wheel is long comes up in its own turn`() {
        var wheel = DeadlineWheel(now: 0)
        wheel.schedule(1, at: 200_000)
        wheel.schedule(2, at: 200)
        #expect(self.due(&wheel, 40_000) == [2])
        #expect(self.due(&wheel, 199_990).isEmpty)
        #expect(self.due(&wheel, 200_100) == [1])
    }

    @Test func `a deadline that has passed comes up at the next look`() {
        var wheel = DeadlineWheel(now: 10_000)
        wheel.schedule(3, at: 5)
        #expect(self.due(&wheel, 10_064) == [3])
    }

    @Test func `none is lost and none is early, whatever the steps`() {
        var wheel = DeadlineWheel(now: 0)
        var open: [UInt64: Int64] = [:]
        var (state, now): (UInt64, Int64) = (42, 0)
        for name in UInt64(0)..<5_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            let deadline = now + Int64(state >> 40) % 120_000
            wheel.schedule(name, at: deadline)
            open[name] = deadline
            now += Int64(state >> 33) % 100
            for due in self.due(&wheel, now) {
                #expect(open[due].map { $0 <= now } == true)
                open[due] = nil
            }
            #expect(open.values.allSatisfy { $0 > now - 2 * DeadlineWheel.granularity } || name % 500 != 0)
        }
        #expect(self.due(&wheel, now + 200_000).count == open.count)
    }
}

@Suite("Routes over bytes")
struct PrefixRouterTests {
    private func route(_ target: String, _ router: PrefixRouter) throws -> Result<Int, EdgeProblem> {
        var parser = RequestParser()
        let bytes = Array("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(try parser.parse(bytes.span.bytes))
        return router.group(of: parser.head.path, bytes.span.bytes)
    }

    @Test(arguments: [
        ("/v1/orders", 1), ("/v1/orders/7", 1), ("/v1/orders?x", 1), ("/v1/ordersx", 0), ("/v1", 0), ("/", 0),
        ("/v1/orders/a..b", 1), ("/v1/orders/.well-known", 1), ("/v1/orders/", 1), ("http://a/v1/orders", 1),
        ("http://a", 0),
    ])
    func `the longest prefix that covers the path decides`(_ target: String, _ group: Int) throws {
        let router = PrefixRouter([("/", 0), ("/v1/orders", 1)])
        #expect(try self.route(target, router) == .success(group))
    }

    @Test(arguments: [
        "//v1", "/v1/../admin", "/v1/.", "/..", "/v1//x", "/%2e%2e/admin", "/v1%2Fx", "/v1%5cx", "/v1%00", "/%2E",
        "/./v1",
    ])
    func `a path that can be read in two ways leads nowhere`(_ target: String) throws {
        #expect(try self.route(target, PrefixRouter([("/", 0), ("/v1", 1)])) == .failure(.ambiguousPath))
        #expect(try self.route(target, PrefixRouter([("/", 0)])) == .success(0))
    }

    @Test func `what no prefix covers has no route`() throws {
        #expect(try self.route("/v2", PrefixRouter([("/v1", 0)])) == .failure(.noRoute))
    }

    @Test(arguments: [
        ("8080", "127.0.0.1:8080"), ("127.0.0.1:80", "127.0.0.1:80"), ("localhost:1", "127.0.0.1:1"),
        ("[::1]:443", "[::1]:443"),
    ])
    func `endpoints are read and written`(_ text: String, _ written: String) {
        #expect(Endpoint(text)?.description == written)
        #expect(Endpoint("a:b") == nil && Endpoint("70000") == nil && Endpoint(":1") == nil)
    }

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
    ])
    func `dates are written as HTTP wants them`(_ seconds: Int, _ text: String) {
        #expect(HTTPDate.text(secondsSince1970: Int64(seconds)) == text)
    }

    @Test func `a configuration that cannot be used is refused with all its problems`() {
        var configuration = ProxyConfiguration()
        configuration.loops = 0
        configuration.idleTimeout = .zero
        #expect(configuration.problems.count == 3)
        #expect(throws: ProxyConfigurationError.self) {
            try ProxyServer(configuration, router: PrefixRouter([("/", 0)]))
        }
    }
}
