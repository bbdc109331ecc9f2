import Foundation
import Testing

/// The help texts are API. `RECORD=1 swift test --filter HelpTests` writes them anew.
@Suite struct HelpTests {
    static let commands = [
        [], ["up"], ["serve"], ["gateway"], ["gateway", "check"],
        ["gateway", "explain"], ["gateway", "diff"], ["gateway", "schema"], ["gateway", "status"],
        ["gateway", "drain"], ["gateway", "weights"], ["gateway", "release"], ["gateway", "versions"], ["edge"],
        ["events"], ["events", "tail"],
        ["events", "read"],
        ["events", "replay"], ["events", "verify"], ["sagas"], ["sagas", "list"], ["sagas", "show"],
        ["sagas", "retry"],
        ["sagas", "compensate"], ["load"], ["simulate"],
    ]

    @Test func `the help texts are the recorded ones`() async throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Snapshots/help.txt")
        var text = ""
        for command in Self.commands {
            let ended = try await MainstayProcess.run(command + ["--help"], environment: ["COLUMNS": "100"])
            #expect(ended.status == 0)
            text += "$ mainstay \(command.map { $0 + " " }.joined())--help\n\(ended.output)\n"
        }
        if ProcessInfo.processInfo.environment["RECORD"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let recorded = try String(contentsOf: file, encoding: .utf8)
        #expect(text == recorded)
    }
}
