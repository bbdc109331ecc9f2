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
    static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Ended {
        let scratch = Scratch()
        let process = Process()
        process.executableURL = Self.binary
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MAINSTAY_") }
            .merging(environment) { _, new in new }
        let output = scratch.file("output", "")
        let error = scratch.file("error", "")
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: error)
        let status = try await process.runToEnd()
        let text = { (path: String) in
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }
        return Ended(status: status, output: text(output), error: text(error))
    }
}

extension Process {
    /// Starts the process and waits for its end without holding up a thread.
    func runToEnd() async throws -> Int32 {
        try await withCheckedThrowingContinuation { continuation in
            self.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try self.run() } catch { continuation.resume(throwing: error) }
        }
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
