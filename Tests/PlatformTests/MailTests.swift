import Essentials
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A mail relay that takes everything and keeps it.
private final class Relay: Sendable {
    let received = Mutex<[String]>([])

    var messages: [String] { self.received.withLock { $0 } }

    /// Runs a relay on a free port for as long as `body` does.
    func serve(on host: String = "127.0.0.1", _ body: (Int) async throws -> Void) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: host, port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let port = try #require(server.channel.localAddress?.port)
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await server.executeThenClose { clients in
                    try await withThrowingDiscardingTaskGroup { conversations in
                        for try await client in clients {
                            // A client that hangs up at once ends its own conversation only.
                            conversations.addTask { try? await self.converse(client) }
                        }
                    }
                }
            }
            try await body(port)
            group.cancelAll()
        }
    }

    private func converse(_ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async throws {
        try await client.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "220-relay\r\n220 ready\r\n"))
            var text = ""
            var isReadingMessage = false
            for try await chunk in inbound {
                text += String(buffer: chunk)
                if isReadingMessage {
                    guard text.hasSuffix("\r\n.\r\n") else { continue }
                    let message = text
                    self.received.withLock { $0.append(message) }
                    isReadingMessage = false
                    text = ""
                    try await outbound.write(ByteBuffer(string: "250 kept\r\n"))
                } else if text.hasSuffix("\r\n") {
                    isReadingMessage = text == "DATA\r\n"
                    text = ""
                    try await outbound.write(ByteBuffer(string: isReadingMessage ? "354 go on\r\n" : "250 yes\r\n"))
                }
            }
        }
    }
}

@Suite struct MailTests {
    private let scratch = Scratch()

    @Test(arguments: [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
    func `with a relay configured a mail goes there`(host: String, written: String) async throws {
        let relay = Relay()
        let directory = self.scratch.path
        try await relay.serve(on: host) { port in
            let platform = try await RunningPlatform(
                in: directory,
                environment: ["MAINSTAY_MAIL_SMTP": "\(written):\(port)", "MAINSTAY_MAIL_FROM": "shop@example.org"])
            _ = try await platform.customer("mia")
            for _ in 0..<600 where !relay.messages.contains(where: { $0.contains("mia@") }) {
                try await TimeSource.system.sleep(for: .milliseconds(50))
            }
            #expect(await platform.stop() == 0)
        }
        let mail = try #require(relay.messages.first { $0.contains("mia@") })
        #expect(mail.contains("From: shop@example.org\r\n"))
        #expect(mail.contains("To: mia@example.com\r\n"))
        #expect(mail.contains("Subject: "))
    }

    @Test(arguments: [
        "somewhere", ":25", "relay:0", "relay:x", "::1:25", "[]:25", "[relay]:25", "a b:25", "http://a:25",
    ])
    func `a relay that is no address stops the start`(_ address: String) async throws {
        let ended = try await MainstayProcess.run(
            ["up", "--data", self.scratch.path, "--port", "0"], environment: ["MAINSTAY_MAIL_SMTP": address])
        #expect(ended.status == 3)
        #expect(ended.error.contains("MAINSTAY_MAIL_SMTP: host:port is accepted"), "\(ended.error)")
        #expect(ended.error.contains("not '\(address)'"))
    }
}
