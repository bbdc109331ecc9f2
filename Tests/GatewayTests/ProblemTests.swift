#if os(Linux)
    import Chassis
    import Essentials
    import Foundation
    import GatewayCore
    import HTTPTransport
    import HTTPTypes
    import HTTPWire
    import HTTPWireTesting
    import Testing

    @testable import Gateway

    @Suite("The gateway's own problems", .timeLimit(.minutes(1)))
    struct ProblemTests {
        private static let page: String = {
            let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Docs/Gateway/Problems.md")
            return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        }()

        @Test func `each has a type of its own, is explained, and stands in the table of the documents`() {
            let types = ProblemType.edge
            #expect(Set(types.map(\.code)).count == types.count)
            for refusal in RouteRefusal.allCases {
                #expect(types.contains { $0.code == refusal.rawValue && $0.status == refusal.status })
            }
            for problem in EdgeProblem.kinds { #expect(types.contains { $0.code == problem.code }) }
            for type in types + [.unauthenticated, .tooManyRequests, .bodyTooLarge, .notFound, .unavailable] {
                #expect(!type.title.isEmpty && (400...599).contains(type.status))
                #expect(Self.page.contains("`\(type.code)` | \(type.status)"), "\(type.code)")
            }
        }

        @Test(arguments: [
            ("GET", "/nothing", 404, "no-route"), ("GET", "/a//b", 400, "ambiguous-path"),
            ("PUT", "/reads", 405, "method-not-allowed"), ("GET", "/things?api_version=9", 400, "unknown-version"),
        ])
        func `what no route lets through says why, in both shells`(
            _ method: String, _ target: String, _ status: Int, _ code: String
        ) async throws {
            let configuration = try GatewayConfiguration(
                yaml: """
                    gateway:
                      services: { a: { hosts: [127.0.0.1:1] } }
                      resources: { things: { path: /things, versions: { 1: { service: a } } } }
                      routes:
                        - { name: reads, path: /reads, methods: [GET, DELETE], service: a }
                    """)
            let shells = try TwoShells(routes: configuration.table)
            let question = Question(method: .init(rawValue: method)!, target: target)
            let (text, whole) = (question.text, try await shells.gateway.handler(question.request))
            let answer = try await shells.serving { edge in
                let client = Loopback(to: edge.endpoint)
                client.send(text)
                return client.answer()
            }
            let both = try [whole.body, #require(answer).bytes].map { try JSONReader.parse($0) }
            for problem in both {
                #expect(problem["code"]?.string == code && problem["status"] == .integer(status))
                #expect(problem["type"]?.string == "/problems/\(code)" && problem["detail"] != nil)
            }
            #expect(whole.head.status.code == status && answer?.status == status)
            guard status == 405 else { return }
            #expect(
                whole.head.headerFields[.allow] == "DELETE, GET, HEAD" && answer?.fields["allow"] == "DELETE, GET, HEAD"
            )
        }

        @Test func `nothing that is refused as malformed reaches a service, and each says the rule that it breaks`()
            async throws
        {
            let shells = try TwoShells()
            let cases = RefusedRequest.all.filter { !$0.text.hasPrefix("PRI ") }
            #expect(cases.count >= 150)
            let answers = try await shells.serving { edge in
                cases.map { request in
                    let client = Loopback(to: edge.endpoint)
                    client.send(request.bytes)
                    client.endSending()
                    return client.receiveAll()
                }
            }
            for (request, answer) in zip(cases, answers) {
                let last = answer.ranges(of: "HTTP/1.1 ").last.map { answer[$0.upperBound...] } ?? ""
                #expect(last.hasPrefix("\(request.code.status) "), "\(request.name): \(answer.debugDescription)")
            }
            // What came before the refused one, in the same connection, may have been good.
            let goodOnes = answers.count { $0.components(separatedBy: "HTTP/1.1 ").count > 2 }
            #expect(shells.takeReached().count <= goodOnes && goodOnes < 5)
        }
    }
#endif
