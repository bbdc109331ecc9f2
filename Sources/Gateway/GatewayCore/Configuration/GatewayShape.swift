import LoadBalancing

/// The configuration of the gateway, place by place.
enum GatewayShape {
    static let document = Shape.object([
        .init("services", .map(Self.service), "The groups of hosts that requests go to, by name."),
        .init("routes", .list(Self.route), "Which requests go where. Without routes and resources: the shop's."),
        .init("resources", .map(Self.resource), "Resources that are offered in several versions."),
        .init("releases", .map(Self.release), "Services of two colours, of which one is replaced by the other."),
        .init("tls", Self.tls, "How clients speak TLS; without: in the clear."),
        .init("versioning", Self.versioning, "How requests name a version."),
        .init("tenancy", Self.tenancy, "How requests name a tenant."),
        .init("defaults", .object(Self.policy), "Policies of every route that says nothing else."),
        // Read with the other settings of the process.
        .init("deadline", .integer(1...60), "Seconds that a request may take. Default: 15."),
        .init("rate", .integer(0...1_000_000), "Requests a second of one client address; 0 for no limit."),
        .init("loops", .integer(1...256), "Event loops. Default: 1."),
        .init("log", Self.log, "The access log."),
        .init("admin", Self.admin, "Where operators steer the gateway."),
        .init("health", Self.checks, "Health checks of the shop's services."),
    ])

    private static let admin = Shape.object([
        .init("port", .integer(0...65_535), "On 127.0.0.1. Default: nine above the gateway's.")
    ])

    private static let tls = Shape.object([
        .init(
            "certificates",
            .list(
                .object([
                    .init("certificate", .text(example: "shop.pem"), required: true, "PEM, with its chain."),
                    .init("key", .text(example: "shop.key"), required: true, "PEM."),
                ])), required: true, "Chosen by the name that a client asks for; the first for all others.")
    ])

    private static let log = Shape.object([
        .init("file", .text(example: "access.log"), "Where it goes; - for the terminal. Default: none."),
        .init("format", .text(example: "json"), "How a line is written."),
    ])

    private static let checks = Shape.object([
        .init("interval", .integer(1...3_600), "Seconds. Default: 10."),
        .init("timeout", .integer(1...60), "Seconds. Default: 5."),
    ])

    // MARK: Services

    private static let service = Shape.object([
        .init("hosts", .list(.either(Self.address, Self.weighted)), "Where it is."),
        .init("dns", Self.address, "A name whose addresses are the hosts, asked again and again."),
        .init("file", .text(example: "orders.hosts"), "A file with one host a line, read again when it changes."),
        .init("balancing", Self.balancing, "How a host is chosen."),
        .init("health", Self.health, "How hosts are asked whether they are well."),
        .init("outliers", .either(.boolean, Self.outliers), "When failing calls leave a host out; false for never."),
        .init("breaker", .either(.boolean, Self.breaker), "When failing calls stop all calls; false for never."),
        .init("connections", Shape.anyCount, "Requests under way to the service. Default: as many as it answers."),
    ])

    private static let address = Shape.text(example: "10.0.0.7:8080")
    private static let weighted = Shape.object([
        .init("address", Self.address, required: true, "Host and port."),
        .init("weight", .integer(1...1_000), "Its share compared with the others'. Default: 1."),
    ])

    static let algorithms: [(name: String, algorithm: LoadBalancer.Algorithm)] = [
        ("round-robin", .roundRobin), ("weighted-round-robin", .weightedRoundRobin),
        ("least-connections", .leastConnections), ("least-request", .leastRequest), ("peak-ewma", .peakEWMA),
        ("ip-hash", .ipHash), ("ring-hash", .ringHash), ("maglev", .maglev),
    ]

    private static let balancing = Shape.object([
        .init("algorithm", .word(Self.algorithms.map(\.name)), "Default: least-request."),
        .init("key", Self.key, "What ring-hash and maglev choose by. Default: client."),
        .init("slow-start", Shape.time, "How long a host that joins takes to get its share. Default: none."),
        .init("panic-threshold", Shape.percent, "Percent of healthy hosts below which all are used. Default: 50."),
        .init("load-bound", .number(1.01...100), "How far above its share ring-hash loads a host. Default: 1.25."),
    ])

    private static let health = Shape.object([
        .init("path", .text(example: "/health/ready"), "What is asked for. Default: /health/ready."),
        .init("interval", Shape.time, "Default: 10s."),
        .init("timeout", Shape.time, "Default: 5s."),
        .init("failures", .integer(1...100), "In a row that leave a host out. Default: 1."),
        .init("successes", .integer(1...100), "In a row that bring it back. Default: 1."),
    ])

    private static let outliers = Shape.object([
        .init("failures", .integer(1...1_000), "In a row. Default: 5."),
        .init("interval", Shape.time, "Default: 10s."),
        .init("ejection", Shape.time, "The first one. Default: 30s."),
        .init("maximum-ejection", Shape.time, "Default: 5m."),
        .init("maximum-percent", Shape.percent, "Of the hosts at one time. Default: 10."),
    ])

    private static let breaker = Shape.object([
        .init("failures", .integer(1...100), "Percent of the calls of the window. Default: 50."),
        .init("volume", .integer(1...1_000_000), "Calls of the window that it takes. Default: 20."),
        .init("window", Shape.time, "Default: 10s."),
        .init("recovery", Shape.time, "After how long one call tries again. Default: 2s."),
    ])

    // MARK: Routes

    private static let names = Shape.list(.text(example: "GET"))
    private static let key = Shape.either(
        .word(["client", "none"]),
        .object([
            .init("header", .text(example: "X-User"), "The value of a header."),
            .init("cookie", .text(example: "session"), "The value of a cookie."),
            .init("query", .text(example: "user"), "The value of a parameter."),
        ]))

    private static let condition = Shape.either(
        .text(example: "gold"),
        .object([
            .init("present", .boolean, "Whether it is there, whatever its value."),
            .init("equals", .text(example: "gold"), "Its value."),
            .init("prefix", .text(example: "Bearer "), "What its value begins with."),
        ]))

    private static let rewrite = Shape.object([
        .init("prefix", .text(example: "/v2"), "What the matched prefix becomes."),
        .init("path", .text(example: "/orders/{id}"), "The whole path, with the names of the route's pattern."),
    ])

    private static let redirect = Shape.object([
        .init("status", .word(["301", "302", "303", "307", "308"]), "Default: 308."),
        .init("scheme", .word(["http", "https"]), "Default: that of the request."),
        .init("host", .text(example: "shop.example.com"), "Default: that of the request."),
        .init("prefix", .text(example: "/new"), "What the matched prefix becomes."),
        .init("path", .text(example: "/new/{id}"), "The whole path, with the names of the route's pattern."),
        .init("query", .boolean, "Whether the query is kept. Default: true."),
    ])

    private static let destination: [Shape.Field] = [
        .init("service", .text(example: "orders"), "Where all requests go."),
        .init("release", .text(example: "orders"), "A release, whose active colour they go to."),
        .init(
            "split",
            .object([
                .init(
                    "services", .map(.integer(0...1_000_000)), required: true,
                    "Weights by service, first the one to grow."),
                .init("key", Self.key, "What keeps a client with its service. Default: client."),
                .init("name", .text(example: "orders"), "Splits of one name divide alike. Default: the route's."),
            ]), "Several services by weight."),
        .init(
            "canary",
            .object([
                .init("service", .text(example: "orders-next"), required: true, "The new one."),
                .init("percent", Shape.percent, required: true, "Of clients that it gets."),
                .init("stable", .text(example: "orders"), required: true, "Where all others go."),
                .init("header", .text(example: "X-Canary: always"), "Requests with it reach the canary in any case."),
                .init("key", Self.key, "What keeps a client with its service. Default: client."),
            ]), "A new version that gets a small part."),
        .init(
            "strangler",
            .object([
                .init("service", .text(example: "auth"), required: true, "What replaces a part of the monolith."),
                .init("monolith", .text(example: "monolith"), required: true, "What is replaced."),
                .init(
                    "migrated", Shape.percent, required: true,
                    "Percent of clients that reach the new service; 0 reverts."),
                .init("key", Self.key, "What keeps a client with its service. Default: client."),
            ]), "A part of a monolith that is being replaced."),
        .init("redirect", Self.redirect, "The client is sent elsewhere."),
    ]

    private static let route = Shape.object(
        [
            .init("name", .text(example: "orders"), required: true, "What logs and explanations call it. Unique."),
            .init("path", .text(example: "/v1/orders"), "This path and everything below it; / for all."),
            .init("exact", .text(example: "/v1/users"), "This path and no other."),
            .init(
                "pattern", .text(example: "/v1/orders/{id}/lines"), "Segment by segment; {rest...} takes what is left."),
            .init("hosts", .list(.text(example: "*.example.com")), "Names without port, *. for all below."),
            .init("methods", Self.names, "GET covers HEAD."),
            .init("headers", .map(Self.condition), "Conditions on header fields."),
            .init("query", .map(Self.condition), "Conditions on parameters."),
            .init("tenants", .list(.text(example: "acme")), "The tenants it is for."),
            .init("priority", .integer(-1_000...1_000), "Higher is asked first. Default: 0."),
            .init("rewrite", Self.rewrite, "The path that the service sees."),
        ] + Self.destination + Self.policy)

    private static let resource = Shape.object(
        [
            .init("path", .text(example: "/orders"), required: true, "Without version."),
            .init("hosts", .list(.text(example: "*.example.com")), "Names without port."),
            .init("default", .integer(1...999_999), "The version of requests that name none. Without: refused."),
            .init(
                "support", .duration(.seconds(86_400)...(.seconds(86_400 * 3_650))),
                "How long a deprecated version is offered. Default: 360d."),
            .init("versions", .map(Self.version), required: true, "By number."),
        ] + Self.policy)

    private static let version = Shape.object([
        .init("service", .text(example: "orders-2"), required: true, "Where it goes."),
        .init("deprecated", .date, "From when on it should no longer be used."),
        .init("sunset", .date, "When it stops to be offered. Default: the support window behind deprecated."),
        .init("information", .text(example: "https://docs.example.com/v1"), "A page about what to do."),
    ])

    private static let release = Shape.object([
        .init("blue", .text(example: "orders-blue"), required: true, "A service."),
        .init("green", .text(example: "orders-green"), required: true, "A service."),
        .init("green-percent", Shape.percent, "Of clients that green gets. Default: 0."),
        .init("header", .text(example: "X-Release"), "With blue or green as its value it chooses. Default: X-Release."),
        .init("key", Self.key, "What keeps a client with its colour. Default: client."),
        .init("steps", .list(.integer(1...100)), "Percentages of a shift. Default: 10, 50, 100."),
        .init("hold", Shape.time, "How long each step is watched at least. Default: 30s."),
        .init("warm-up", Self.warmUp, "Requests to each host of the new version before any traffic."),
        .init(
            "smoke-tests", .list(.either(.text(example: "/v1/orders"), Self.smokeTest)),
            "What each host of the new version must answer before any traffic. Default: nothing."),
    ])

    private static let warmUp = Shape.object([
        .init("requests", .integer(0...10_000), "Of each path. Default: 10."),
        .init("paths", .list(.text(example: "/v1/products")), "Default: the path of health checks."),
    ])

    private static let smokeTest = Shape.object([
        .init("path", .text(example: "/v1/orders"), required: true, "What is asked for, with GET."),
        .init("status", .integer(100...599), "What is expected. Default: 200."),
    ])

    private static let versioning = Shape.object([
        .init("parameter", .text(example: "api_version"), "Default: api_version."),
        .init("media-parameter", .text(example: "version"), "Of the media type in Accept. Default: version."),
    ])

    private static let tenancy = Shape.object([
        .init("domain", .text(example: "example.com"), "Names below it are tenants."),
        .init("header", .text(example: "X-Tenant"), "Its value is the tenant."),
    ])

    // MARK: Policies

    static let importance = ["background", "standard", "important", "critical"]
    private static let fields = Shape.map(.text(example: "value"))
    private static let headerChanges = Shape.object([
        .init("remove", Self.names, "Fields that are taken away."),
        .init("set", Self.fields, "Fields that replace what is there."),
        .init("add", Self.fields, "Fields that are added."),
    ])

    static let policy: [Shape.Field] = [
        .init("token", .boolean, "Whether a valid token is needed. Default: false."),
        .init("scopes", Self.names, "What the token must allow."),
        .init("envelope", .boolean, "Whether answers get the envelope of the older routes. Default: false."),
        .init(
            "importance", .word(Self.importance), "How much it matters when not all can be served. Default: standard."),
        .init("timeout", Shape.time, "How long a request may take. Default: the gateway's."),
        .init(
            "retries",
            .object([
                .init("attempts", .integer(1...10), "The first included. Default: 3."),
                .init("statuses", .list(.integer(400...599)), "That are tried again. Default: 502, 503, 504."),
                .init("attempt-timeout", Shape.time, "Of one attempt. Default: none of its own."),
                .init("budget", Shape.percent, "Percent of requests that retries may add. Default: 20."),
            ]), "When an idempotent request is sent again, to another host."),
        .init(
            "rate-limit",
            .object([
                .init("requests", Shape.anyCount, required: true, "How many."),
                .init("per", Shape.time, required: true, "In which time."),
                .init("burst", Shape.anyCount, "How many at once. Default: as many as requests."),
                .init(
                    "key",
                    .either(
                        .word(["client", "tenant", "subject"]),
                        .object([.init("header", .text(example: "X-Api-Key"), required: true, "The value of a header.")]
                        )),
                    "Whose requests are counted together. Default: client."),
            ]), "How many requests are let through."),
        .init("body-limit", .bytes, "The largest request body. Default: the gateway's."),
        .init(
            "cors",
            .object([
                .init("origins", .list(.text(example: "https://shop.example.com")), required: true, "Or * for all."),
                .init("methods", Self.names, "Default: GET, HEAD, POST."),
                .init("headers", Self.names, "That requests may have."),
                .init("exposes", Self.names, "That scripts may read of answers."),
                .init("credentials", .boolean, "Default: false."),
                .init("maximum-age", Shape.time, "Of the answer to a preflight. Default: 10m."),
            ]), "Which pages of other origins may use it."),
        .init("request-headers", Self.headerChanges, "Changes on the way to the service."),
        .init(
            "request-query",
            .object([
                .init("remove", .list(.text(example: "debug")), "Parameters that are taken away."),
                .init("set", Self.fields, "Parameters that replace what is there."),
                .init("add", Self.fields, "Parameters that are added."),
            ]), "Changes of the query on the way to the service."),
        .init("response-headers", Self.headerChanges, "Changes on the way to the client."),
        .init(
            "compression",
            .either(
                .boolean,
                .object([
                    .init("minimum-size", .bytes, "Default: 1KiB."),
                    .init("types", .list(.text(example: "application/json")), "Media types; text/* for all of a kind."),
                ])), "Whether answers are compressed. Default: false."),
        .init(
            "mirror",
            .object([
                .init("service", .text(example: "orders-shadow"), required: true, "Who gets the copies."),
                .init("percent", .integer(1...100), "Of requests. Default: 100."),
                .init("compare", .boolean, "Whether the answers are compared. Default: false."),
            ]), "Copies of requests whose answers nobody gets."),
        .init(
            "fault",
            .object([
                .init("delay", Shape.time, "How long requests wait."),
                .init("delay-percent", Shape.percent, "Of requests. Default: 100."),
                .init("abort", .integer(400...599), "The status that is answered."),
                .init("abort-percent", Shape.percent, "Of requests. Default: 100."),
                .init("header", .text(example: "X-Fault"), "Only requests that have it."),
            ]), "Faults on purpose."),
    ]
}
