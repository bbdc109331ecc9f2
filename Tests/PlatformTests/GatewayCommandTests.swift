import Essentials
import Foundation
import Testing

@Suite struct GatewayCommandTests {
    private let scratch = Scratch()

    private func file(_ name: String, percent: Int = 0, service: String = "orders") -> String {
        self.scratch.file(
            name,
            """
            port: 3000
            gateway:
              deadline: 10
              services:
                next: { hosts: [127.0.0.1:9001] }
              routes:
                - { name: orders, path: /v1/orders, canary: { service: next, stable: \(service), percent: \(percent), header: 'X-Canary: always' } }
            """)
    }

    @Test func `a file is checked as a whole, settings of the process and of the gateway alike`() async throws {
        let good = try await MainstayProcess.run(["gateway", "check", self.file("good.yaml")])
        #expect(good.status == 0)
        #expect(good.output.contains("no problems"))
        let path = self.file("bad.yaml", service: "oders")
        let bad = try await MainstayProcess.run(["gateway", "check", path])
        #expect(bad.status == 3)
        #expect(
            bad.error.contains(
                "\(path):7: gateway.routes[0].canary.stable: no service is called 'oders'; did you mean orders?"))
        let json = try await MainstayProcess.run(["gateway", "check", path, "--json"])
        #expect(json.status == 3)
        #expect(try JSONReader.parse(Array(json.output.utf8))["accepted"] == false)
    }

    @Test func `an explanation says where a request goes and why not elsewhere`() async throws {
        let path = self.file("explain.yaml")
        let arguments = ["gateway", "explain", "GET", "/v1/orders/7", "--config", path]
        let plain = try await MainstayProcess.run(arguments)
        #expect(plain.output.contains("route orders forwards to orders as /v1/orders/7"))
        let canary = try await MainstayProcess.run(arguments + ["-H", "X-Canary: always", "--json"])
        #expect(canary.status == 0)
        #expect(
            try JSONReader.parse(Array(canary.output.utf8))["summary"]
                == "route orders forwards to next as /v1/orders/7")
        let nowhere = try await MainstayProcess.run(["gateway", "explain", "GET", "/v2", "--config", path])
        #expect(nowhere.output.contains("not orders: the path is not /v1/orders or below"))
    }

    @Test func `a dry run says what another file would change`() async throws {
        let (old, new) = (self.file("old.yaml"), self.file("new.yaml", percent: 20))
        let same = try await MainstayProcess.run(["gateway", "diff", old, old])
        #expect(same.output == "no changes\n")
        let other = try await MainstayProcess.run(["gateway", "diff", old, new])
        #expect(other.output == "changed: route orders (next 0 %, orders 100 % → next 20 %, orders 80 %)\n")
    }
}
