import Essentials
import Foundation
import NIOCore
import NIOPosix
import Notifications

/// Sends e-mail through a relay by SMTP (RFC 5321), in the clear and without a log-in: meant for a relay on the same host or
/// in the same private network. Other channels go to `others`.
struct SMTPSender: NotificationSender {
    let host: String
    let port: Int
    /// The envelope's and the header's sender.
    let from: String
    let others: any NotificationSender

    /// What the relay answered instead of what was due.
    struct Refused: Error, CustomStringConvertible {
        var command: String
        var reply: String
        var description: String { "the mail relay answered \(self.command) with \(self.reply)" }
    }

    func send(_ message: OutgoingMessage) async throws -> String {
        guard message.channel == "email" else { return try await self.others.send(message) }
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(host: self.host, port: self.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var replies = SMTPReplies(inbound.makeAsyncIterator())
            try await replies.expect("220", to: "the connection")
            for (command, due) in self.envelope(of: message) {
                try await outbound.write(ByteBuffer(string: command + "\r\n"))
                try await replies.expect(due, to: command)
            }
            try await outbound.write(ByteBuffer(string: SMTPMessage.text(of: message, from: self.from) + ".\r\n"))
            let receipt = try await replies.expect("250", to: "the message")
            try await outbound.write(ByteBuffer(string: "QUIT\r\n"))
            return receipt
        }
    }

    private func envelope(of message: OutgoingMessage) -> [(command: String, due: String)] {
        [
            ("EHLO mainstay", "250"), ("MAIL FROM:<\(self.from)>", "250"), ("RCPT TO:<\(message.recipient)>", "250"),
            ("DATA", "354"),
        ]
    }
}

/// Reads the relay's replies, of which each may have several lines.
private struct SMTPReplies {
    private var chunks: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var buffer = ""

    init(_ chunks: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) {
        self.chunks = chunks
    }

    /// - Returns: the last line of the reply.
    @discardableResult
    mutating func expect(_ code: String, to command: String) async throws -> String {
        while true {
            let line = try await self.line()
            // A hyphen behind the code says that more lines follow.
            if line.dropFirst(3).first == "-" { continue }
            guard line.hasPrefix(code) else { throw SMTPSender.Refused(command: command, reply: line) }
            return line
        }
    }

    private mutating func line() async throws -> String {
        while true {
            if let end = self.buffer.range(of: "\r\n") {
                defer { self.buffer.removeSubrange(..<end.upperBound) }
                return String(self.buffer[..<end.lowerBound])
            }
            guard self.buffer.utf8.count < 16_384, let chunk = try await self.chunks.next(isolation: #isolation) else {
                throw SMTPSender.Refused(command: "the last command", reply: "nothing, and hung up")
            }
            self.buffer += String(buffer: chunk)
        }
    }
}

/// A message in the Internet Message Format (RFC 5322), its body as base64 so that no line is too long or a lone dot.
enum SMTPMessage {
    static func text(of message: OutgoingMessage, from: String) -> String {
        let headers = [
            "From: \(from)", "To: \(message.recipient)", "Subject: \(self.encoded(message.subject))",
            "Date: \(self.date(of: message))", "Message-ID: <\(message.id)@mainstay>", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
        ]
        let body = Data(message.body.utf8).base64EncodedString(options: [
            .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
        ])
        return headers.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n"
    }

    /// RFC 2047: nothing of the text can end the header.
    private static func encoded(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        return "=?utf-8?B?\(Data(text.utf8).base64EncodedString())?="
    }

    private static func date(of message: OutgoingMessage) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
        return formatter.string(from: Date(timeIntervalSince1970: Double(message.date.seconds)))
    }
}
