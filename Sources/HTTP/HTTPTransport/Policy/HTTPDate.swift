import Essentials

/// `Date` as RFC 9110 §5.6.7 wants it: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Parameter moment: one before 1970 is written as the begin of that year.
    static func text(_ moment: Timestamp) -> String {
        let moment = Swift.max(moment, Timestamp(microseconds: 0))
        // 1994-11-06T08:49:37.000Z
        let parts = moment.rfc3339.split { !$0.isNumber }
        guard parts.count >= 6, let month = Int(parts[1]), (1...12).contains(month) else {
            preconditionFailure("an RFC 3339 date has six numbers, the second of them a month")
        }
        let weekday = self.weekdays[Int(moment.seconds / 86_400 % 7)]
        return "\(weekday), \(parts[2]) \(self.months[month - 1]) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) GMT"
    }
}
