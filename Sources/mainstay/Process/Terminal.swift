import Foundation
import Synchronization

/// Writes to the terminal: whole lines, and a progress bar where somebody watches.
enum Terminal {
    static let isInteractive = isatty(1) == 1

    static func line(_ text: String = "") {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    static func error(_ text: String) {
        self.errorBytes(Array((text + "\n").utf8))
    }

    /// Writes whole lines as they are.
    @Sendable static func errorBytes(_ bytes: [UInt8]) {
        FileHandle.standardError.write(Data(bytes))
    }

    /// Draws over the current line; on a pipe, writes nothing.
    static func progress(_ fraction: Double, _ label: String) {
        guard self.isInteractive else { return }
        let width = 30
        let filled = Int(Double(width) * min(1, max(0, fraction)))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        FileHandle.standardOutput.write(Data("\r\u{1B}[K\(bar) \(label)".utf8))
        if fraction >= 1 { FileHandle.standardOutput.write(Data("\n".utf8)) }
    }

    /// Columns aligned to their widest cell, the first row as a head.
    static func table(_ rows: [[String]]) {
        for line in self.aligned(rows) { self.line(line) }
    }

    /// The lines of a table.
    static func aligned(_ rows: [[String]]) -> [String] {
        guard let first = rows.first else { return [] }
        let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
    }

    /// Empties the screen.
    static func clear() {
        FileHandle.standardOutput.write(Data("\u{1B}[H\u{1B}[2J".utf8))
    }
}
