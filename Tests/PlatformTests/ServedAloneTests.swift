import Essentials
import Testing

@Suite(.timeLimit(.minutes(2))) struct ServedAloneTests {
    private let scratch = Scratch()

    @Test func `a token that was called back is refused by a service in a process of its own`() async throws {
        let users = try await RunningPlatform(serving: "users", in: self.scratch.path)
        let address = String(users.url.dropFirst("http://".count))
        let notifications = try await RunningPlatform(
            serving: "notifications", in: self.scratch.path,
            environment: ["MAINSTAY_SERVICES_USERS_ADDRESS": address])
        let mia = try await users.customer("mia")
        let other = try await users.customer("otto")
        #expect(try await notifications.call("GET", "/v1/notifications", token: mia.token).status == 200)
        #expect(try await users.call("DELETE", "/v1/sessions", token: mia.token).status == 204)
        var status = 200
        for _ in 0..<200 where status == 200 {
            status = try await notifications.call("GET", "/v1/notifications", token: mia.token).status
            try await TimeSource.system.sleep(for: .milliseconds(50))
        }
        #expect(status == 401)
        #expect(try await notifications.call("GET", "/v1/notifications", token: other.token).status == 200)
        #expect(await notifications.stop() == 0)
        #expect(await users.stop() == 0)
    }
}
