import Foundation
import Testing

/// The built executable, run as a user runs it.
struct MainstayProcess {
    /// Beside the test bundle.
    static var binary: URL {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        return bundle.appendingPathComponent("mainstay")
    }

    /// What a run that ended has left.
    struct Ended {
        var status: Int32
        var output: String
        var error: String
    }

    /// Runs to the end.
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Ended {
        let process = Process()
        process.executableURL = Self.binary
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MAINSTAY_") }
            .merging(environment) { _, new in new }
        let output = Pipe()
        let error = Pipe()
        process.standardOutput = output
        process.standardError = error
        try process.run()
        let written = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Ended(
            status: process.terminationStatus, output: String(decoding: written, as: UTF8.self),
            error: String(decoding: complaint, as: UTF8.self))
    }
}

/// A directory that is gone after the test.
final class Scratch: Sendable {
    let path: String

    init() {
        self.path = NSTemporaryDirectory() + "mainstay-\(ProcessInfo.processInfo.globallyUniqueString)"
        try? FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }

    func file(_ name: String, _ text: String) -> String {
        let path = "\(self.path)/\(name)"
        _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8))
        return path
    }
}
