public import Essentials
import Foundation
public import Logging
public import ShopContracts

/// A message on its way out.
public struct OutgoingMessage: Hashable, Sendable {
    /// The same at every try: a sender that remembers it sends once.
    public var id: NotificationID
    /// `email`, `sms` or `push`.
    public var channel: String
    /// An e-mail address, or the user's id on other channels.
    public var recipient: String
    public var subject: String
    public var body: String
    public var date: Timestamp

    public init(
        id: NotificationID, channel: String, recipient: String, subject: String, body: String, date: Timestamp,
    ) {
        self.id = id
        self.channel = channel
        self.recipient = recipient
        self.subject = subject
        self.body = body
        self.date = date
    }
}

/// Hands messages to the world outside.
public protocol NotificationSender: Sendable {
    /// - Returns: what is worth keeping, such as the receiver's reference.
    /// - Throws: anything; the message is tried again later.
    func send(_ message: OutgoingMessage) async throws -> String
}

/// Writes each message as one file, `DIRECTORY/CHANNEL/ID.txt`: a repetition writes the same file again.
public struct FileSender: NotificationSender {
    private let directory: URL

    public init(directory: String) {
        self.directory = URL(fileURLWithPath: directory, isDirectory: true)
    }

    public func send(_ message: OutgoingMessage) async throws -> String {
        let folder = self.directory.appendingPathComponent(message.channel, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("\(message.id).txt")
        let text = """
            To: \(message.recipient)
            Subject: \(message.subject)
            Date: \(message.date.rfc3339)
            Message-ID: <\(message.id)@mainstay>

            \(message.body)
            """
        try Data(text.utf8).write(to: file, options: .atomic)
        return file.lastPathComponent
    }
}

/// Logs that a message would go out, without its text.
public struct LogSender: NotificationSender {
    private let logger: Logger

    public init(_ logger: Logger) {
        self.logger = logger
    }

    public func send(_ message: OutgoingMessage) async throws -> String {
        self.logger.info(
            "a notification was sent",
            metadata: ["notification.id": "\(message.id)", "channel": "\(message.channel)"])
        return "logged"
    }
}
