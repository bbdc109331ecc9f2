import Essentials
import Foundation
import Notifications

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
