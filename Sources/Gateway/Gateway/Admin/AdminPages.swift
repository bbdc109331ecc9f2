import Chassis
import Essentials
import GatewayCore
import LoadBalancing
import Synchronization

/// What ``AdminRoutes`` answer, and do.
struct AdminPages: Sendable {
    let control: GatewayControl

    var all: JSONValue {
        let edition = self.control.plan.current
        return [
            "generation": .integer(edition.generation), "routes": self.routes["items"] ?? .null,
            "services": self.services["items"] ?? .null, "releases": self.releases["items"] ?? .null,
        ]
    }

    // MARK: Showing

    var routes: JSONValue {
        let items = self.control.plan.current.table.routes.map { route -> JSONValue in
            var page: JSONValue = [
                "name": .string(route.name), "path": .string(route.match.path.text),
                "needsToken": .bool(route.policy.needsToken), "importance": .string("\(route.policy.priority)"),
            ]
            switch route.action {
            case .forward(let split):
                let targets = split.targets.map { target -> JSONValue in
                    ["service": .string(target.group), "weight": .integer(target.weight)]
                }
                page = page.setting("services", to: .array(targets))
            case .redirect(let redirect): page = page.setting("redirect", to: .integer(redirect.status))
            case .refuse(let refusal): page = page.setting("refuse", to: .integer(refusal.status))
            }
            return page
        }
        return ["items": .array(items)]
    }

    var services: JSONValue {
        let groups = self.control.board.groups
        let items = self.control.plan.current.table.groups.map { name -> JSONValue in
            var page: JSONValue = ["name": .string(name)]
            guard let group = groups[name] else { return page }
            page = page.setting("balancing", to: .string(group.balancing.algorithm.rawValue))
            if let reason = group.unavailability { page = page.setting("unavailable", to: .string(reason)) }
            return page.setting("hosts", to: .array(group.members.map(Self.page)))
        }
        return ["items": .array(items)]
    }

    private static func page(_ member: GroupHosts.Member) -> JSONValue {
        let state: HostState = member.isDraining ? .draining : member.failure == nil ? .healthy : .unhealthy
        let page: JSONValue = [
            "address": .string(member.host.name), "weight": .integer(member.host.weight),
            "state": .string(state.rawValue),
        ]
        return member.failure.map { page.setting("reason", to: .string($0)) } ?? page
    }

    var releases: JSONValue { ["items": .array(self.control.releases.releases.map(Self.page))] }

    private static func page(_ release: ReleaseDriver.Status) -> JSONValue {
        let machine = release.machine
        var page: JSONValue = [
            "name": .string(release.configuration.name), "active": .string(machine.active.rawValue),
        ]
        switch machine.state {
        case .stable: page = page.setting("state", to: "stable")
        case .preparing(let open, _):
            page = page.setting("state", to: "preparing")
                .setting("openGates", to: .array(open.map { .string($0.rawValue) }))
        case .shifting(let step, _):
            page = page.setting("state", to: "shifting").setting("step", to: .integer(step + 1))
        }
        for (colour, service) in [
            (ReleaseMachine.Colour.blue, release.configuration.blue), (.green, release.configuration.green),
        ] {
            let sample = colour == machine.active ? machine.analysis.old : machine.analysis.new
            page = page.setting(
                colour.rawValue,
                to: [
                    "service": .string(service), "percent": .integer(machine.percent(of: colour)),
                    "requests": .integer(sample.requests), "failures": .integer(sample.failures),
                    "p95Microseconds": .integer(Int(sample.latency.quantile(0.95).nanoseconds / 1_000)),
                ])
        }
        page = page.setting("successDeviations", to: .string("\(machine.analysis.successDeviations)"))
        return machine.lastRollback.map { page.setting("lastRollback", to: .string($0)) } ?? page
    }

    var versions: JSONValue {
        let items = self.control.usage.withLock { $0.entries }.map { entry -> JSONValue in
            [
                "resource": .string(entry.resource), "version": .integer(entry.version),
                "consumer": .string(entry.consumer), "requests": .integer(entry.requests),
            ]
        }
        return ["items": .array(items)]
    }

    func explain(_ question: GatewayQuestion) throws -> JSONValue {
        let fields = try (question.headers ?? []).map { text -> (name: String, value: String) in
            guard let colon = text.firstIndex(of: ":") else {
                throw Problem(.validationFailed, "a header is 'Name: value', not '\(text)'")
            }
            return (String(text[..<colon]), String(text[text.index(after: colon)...].drop { $0 == " " }))
        }
        let table = self.control.plan.current.table
        do {
            let request = try RequestText(question.method, question.target, fields: fields)
            let explanation = table.explain(request, peer: BalancingKey.of(question.client ?? "127.0.0.1"))
            let lines = table.describe(explanation.decision, request)
            return explanation.json.setting(
                "decision", to: .array(lines.map { .array([.string($0.name), .string($0.value)]) }))
        } catch {
            throw Problem(.validationFailed, "this is no HTTP request and refused before any route is asked: \(error)")
        }
    }

    // MARK: Changing

    func setWeights(_ weights: [Int], of route: String) throws -> JSONValue {
        let changes = try self.control.update { configuration in
            if configuration.routes == nil { configuration.routes = RoutingTable.shop.routes }
            guard configuration.routes?.contains(where: { $0.name == route }) == true else {
                throw Problem(.notFound, "no route is called '\(route)'")
            }
            guard configuration.setWeights(weights, ofRoute: route) else {
                throw Problem(
                    .validationFailed,
                    "'\(route)' takes one weight for each of its services, in their order, one of them above zero")
            }
        }
        return ["changes": .array(changes.map { .string($0.description) })]
    }

    func change(_ host: String, of service: String, _ change: GatewayHostChange) throws -> JSONValue {
        let isThere = self.control.board.change(host, of: service) { member in
            if let draining = change.draining { member.isDraining = draining }
            if let weight = change.weight { member.host.weight = weight }
        }
        guard isThere, let group = self.control.board.groups[service] else {
            throw Problem(.notFound, "\(service) has no host \(host)")
        }
        return ["name": .string(service), "hosts": .array(group.members.map(Self.page))]
    }

    func order(_ order: GatewayControl.ReleaseOrder, of name: String) throws -> JSONValue {
        do {
            guard let release = try self.control.releases.order(name, order) else {
                throw Problem(.notFound, "no release is called '\(name)'")
            }
            return Self.page(release)
        } catch let refusal as ReleaseMachine.Refusal {
            throw Problem(.conflict, refusal.rawValue)
        }
    }
}
