import AsyncHTTPClient
import Essentials
import Foundation
import NIOCore
import NIOHTTP1
import Testing

@Suite(.timeLimit(.minutes(10))) struct ServedAloneTests {
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

    @Test func `HEAD and OPTIONS are answered over a socket as over none`() async throws {
        let platform = try await RunningPlatform(in: self.scratch.path)
        let catalog = try #require(
            try JSONReader.parse(
                Array(try Data(contentsOf: URL(fileURLWithPath: self.scratch.path + "/instance.json"))))[
                    "services"]?["catalog"]?.string)
        for base in [platform.url, "http://\(catalog)"] {
            var request = HTTPClientRequest(url: base + "/v1/products?limit=3")
            let get = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            let length = try await get.body.collect(upTo: 1 << 20).readableBytes
            request.method = .HEAD
            let head = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            #expect(head.status == .ok)
            #expect(head.headers.first(name: "Content-Length") == String(length))
            #expect(head.headers.first(name: "Content-Type") == get.headers.first(name: "Content-Type"))
            #expect(try await head.body.collect(upTo: 1 << 20).readableBytes == 0)
            request.method = .OPTIONS
            let options = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            #expect(options.status == .noContent)
            #expect(options.headers.first(name: "Allow") == "GET, HEAD, OPTIONS, POST")
        }
        #expect(await platform.stop() == 0)
    }
}
