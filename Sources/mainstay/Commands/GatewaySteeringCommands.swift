import ArgumentParser
import Chassis
import Essentials
import Gateway

/// Where the gateway is that a command steers.
struct SteeringOptions: ParsableArguments {
    @Option(help: "The data directory of the running gateway. Default: ./.mainstay")
    var data = ".mainstay"

    @Flag(help: "Print one JSON object.")
    var json = false

    /// Calls a route of the gateway's administration.
    func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        try await AdminClient.gateway(data: self.data)
            .call(method, GatewayAdmin.service.rawValue, "/internal/gateway\(path)", body)
    }

    /// Prints an answer, for machines or by lines.
    func show(_ answer: JSONValue, _ lines: (JSONValue) -> [String]) {
        if self.json {
            Terminal.line(String(decoding: answer.serializedInOrder, as: UTF8.self))
        } else {
            for line in lines(answer) { Terminal.line(line) }
        }
    }
}

extension JSONValue {
    fileprivate func text(_ name: String) -> String { self[name]?.string ?? self[name]?.integer.map { "\($0)" } ?? "-" }

    fileprivate func list(_ name: String) -> [JSONValue] { self[name]?.array ?? [] }
}

extension GatewayCommand {
    private static func lines(ofService service: JSONValue) -> [String] {
        let about = [service["balancing"]?.string, service["unavailable"]?.string].compactMap { $0 }
        return ["service \(service.text("name"))" + (about.isEmpty ? "" : ": \(about.joined(separator: ", "))")]
            + service.list("hosts").map { host in
                "  \(host.text("address")) \(host.text("state")), weight \(host.text("weight"))"
                    + (host["reason"]?.string.map { ": \($0)" } ?? "")
            }
    }

    private static func lines(ofRelease release: JSONValue) -> [String] {
        let state = "release \(release.text("name")): \(release.text("state")), active \(release.text("active"))"
        let colours = ["blue", "green"].compactMap { colour in
            release[colour].map { page in
                "  \(colour) \(page.text("service")) \(page.text("percent")) %, \(page.text("requests")) requests, "
                    + "\(page.text("failures")) failed, 95 % within \(page.text("p95Microseconds")) µs"
            }
        }
        return [state] + colours + (release["lastRollback"]?.string.map { ["  rolled back: \($0)"] } ?? [])
    }

    /// `mainstay gateway status`.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the routes, services, hosts and releases of the running gateway.")

        @OptionGroup var gateway: SteeringOptions

        func run() async throws {
            self.gateway.show(try await self.gateway.call("GET", "")) { page in
                let routes = page.list("routes").map { route in
                    let shares = route.list("services").map { "\($0.text("service")) \($0.text("weight"))" }
                    return "route \(route.text("name")) \(route.text("path")): \(shares.joined(separator: ", "))"
                }
                return routes + page.list("services").flatMap(GatewayCommand.lines(ofService:))
                    + page.list("releases").flatMap(GatewayCommand.lines(ofRelease:))
            }
        }
    }

    /// `mainstay gateway drain`.
    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has a host take nothing new; what it has under way ends there.")

        @Argument(help: "The service.") var service: String
        @Argument(help: "The host, such as 10.0.0.7:8080.") var host: String
        @Flag(help: "Take the host back.") var undo = false
        @OptionGroup var gateway: SteeringOptions

        func run() async throws {
            let path = "/services/\(self.service)/hosts/\(self.host)"
            let answer = try await self.gateway.call("PATCH", path, ["draining": .bool(!self.undo)])
            self.gateway.show(answer, GatewayCommand.lines(ofService:))
        }
    }

    /// `mainstay gateway weights`.
    struct Weights: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Divides the requests of a route anew, until the file is read again; 0 100 reverts a strangler.")

        @Argument(help: "The route.") var route: String
        @Argument(help: "One weight for each of its services, in their order.") var weights: [Int]
        @OptionGroup var gateway: SteeringOptions

        func run() async throws {
            let weights = JSONValue.array(self.weights.map { .integer($0) })
            let answer = try await self.gateway.call("PUT", "/routes/\(self.route)/weights", ["weights": weights])
            self.gateway.show(answer) { $0.list("changes").compactMap(\.string) }
        }
    }

    /// `mainstay gateway release`.
    struct Release: AsyncParsableCommand {
        enum Order: String, ExpressibleByArgument, CaseIterable {
            case status, start, promote, rollback
        }

        static let configuration = CommandConfiguration(
            abstract: "Shows a release, starts it, takes its next step, or sends all traffic back.")

        @Argument(help: "status, start, promote or rollback.") var order: Order
        @Argument(help: "The release.") var name: String
        @OptionGroup var gateway: SteeringOptions

        func run() async throws {
            let answer: JSONValue
            switch self.order {
            case .start, .promote, .rollback:
                answer = try await self.gateway.call("POST", "/releases/\(self.name)/\(self.order.rawValue)")
            case .status:
                let all = try await self.gateway.call("GET", "/releases").list("items")
                guard let found = all.first(where: { $0["name"]?.string == self.name }) else {
                    throw CommandFailure.isFalse("no release is called '\(self.name)'")
                }
                answer = found
            }
            self.gateway.show(answer, GatewayCommand.lines(ofRelease:))
        }
    }

    /// `mainstay gateway versions`.
    struct Versions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says who uses which version of which resource, since the gateway began.")

        @OptionGroup var gateway: SteeringOptions

        func run() async throws {
            self.gateway.show(try await self.gateway.call("GET", "/versions")) { page in
                page.list("items").map { entry in
                    "\(entry.text("resource")) \(entry.text("version")) \(entry.text("consumer")): \(entry.text("requests"))"
                }
            }
        }
    }
}
