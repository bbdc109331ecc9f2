public import Essentials
public import HTTPWire

extension HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    private static let longDays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

    /// Reads the three forms of RFC 9110 §5.6.7, letters in any case, and nothing else.
    /// - Parameter now: decides the century of the form with two digits: at most 50 years in the future.
    /// - Returns: nil for anything else.
    public static func read(_ text: String, now: Timestamp) -> Timestamp? {
        let parts = text.lowercased().split(separator: " ", omittingEmptySubsequences: false)
        switch parts.count {
        case 6: return self.fixed(parts) ?? self.asctime(parts)
        case 5: return self.asctime(parts)
        case 4: return self.obsolete(parts, now)
        default: return nil
        }
    }

    /// `sun, 06 nov 1994 08:49:37 gmt`
    private static func fixed(_ parts: [Substring]) -> Timestamp? {
        guard parts[0].hasSuffix(","), self.days.contains(String(parts[0].dropLast())), parts[5] == "gmt",
            let day = self.number(parts[1], 2), let month = self.months.firstIndex(of: String(parts[2])),
            let year = self.number(parts[3], 4)
        else { return nil }
        return self.moment(year, month + 1, day, parts[4])
    }

    /// `sunday, 06-nov-94 08:49:37 gmt`
    private static func obsolete(_ parts: [Substring], _ now: Timestamp) -> Timestamp? {
        let date = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard parts[0].hasSuffix(","), self.longDays.contains(String(parts[0].dropLast())), parts[3] == "gmt",
            date.count == 3, let day = self.number(date[0], 2),
            let month = self.months.firstIndex(of: String(date[1])), let short = self.number(date[2], 2)
        else { return nil }
        let thisYear = self.year(of: now)
        var year = thisYear - thisYear % 100 + short
        if year > thisYear + 50 { year -= 100 } else if year + 100 <= thisYear + 50 { year += 100 }
        return self.moment(year, month + 1, day, parts[2])
    }

    /// `sun nov  6 08:49:37 1994`
    private static func asctime(_ parts: [Substring]) -> Timestamp? {
        var parts = parts
        if parts.count == 6, parts[2].isEmpty, parts[3].utf8.count == 1 { parts.remove(at: 2) }
        guard parts.count == 5, self.days.contains(String(parts[0])),
            let month = self.months.firstIndex(of: String(parts[1])),
            let day = self.number(parts[2], parts[2].utf8.count), (1...2).contains(parts[2].utf8.count),
            let year = self.number(parts[4], 4)
        else { return nil }
        return self.moment(year, month + 1, day, parts[3])
    }

    private static func number(_ text: Substring, _ digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Int(text)
    }

    private static func moment(_ year: Int, _ month: Int, _ day: Int, _ clock: Substring) -> Timestamp? {
        let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let hour = self.number(parts[0], 2), let minute = self.number(parts[1], 2),
            let second = self.number(parts[2], 2), hour < 24, minute < 60, second <= 60, (1...31).contains(day)
        else { return nil }
        let seconds = self.daysSince1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
        return Timestamp(milliseconds: Int64(seconds) * 1_000)
    }

    /// Hinnant's `days_from_civil` (2013).
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func year(of moment: Timestamp) -> Int {
        Int(self.text(secondsSince1970: moment.seconds).dropFirst(12).prefix(4)) ?? 1970
    }
}
