import Essentials
import Foundation
import Testing

@testable import Identity

/// A measurement, not a rule: `MEASURE=1 swift test --filter MemoryTests`. Other tests in the process would move the
/// numbers, so that it is off in a plain test run.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["MEASURE"] != nil, "MEASURE is not set"))
struct MemoryTests {
    @Test func `the memory of a hash goes back to the system`() async throws {
        let hasher = PasswordHasher()
        _ = try await hasher.hash("the first one starts the threads")
        let before = try Self.proportionalKibibytes()
        let time = TimeSource.system
        let start = time.now
        for _ in 0..<20 { _ = try await hasher.hash("correct horse") }
        let duration = time.now - start
        let after = try Self.proportionalKibibytes()
        let line =
            "PSS before \(before) KiB, after 20 hashes of 46 MiB \(after) KiB; one \(duration.milliseconds / 20) ms\n"
        FileHandle.standardOutput.write(Data(line.utf8))
        #expect(after - before < 4_096)
    }

    private static func proportionalKibibytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Pss:") })
        return try #require(Int(line.split(separator: " ")[1]))
    }
}
