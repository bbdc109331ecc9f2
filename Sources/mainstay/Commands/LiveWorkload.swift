import Chassis
import ChassisHTTP
import Essentials
import Foundation
import ShopSimulation
import Synchronization

/// The simulator's customers at a platform that runs for real. Whoever starts this kills the platform meanwhile.
///
/// Standard input says `pause`, `resume` and `stop`, a line each, and its end is a stop; standard output says `open`, `idle`
/// when everybody has paused, `odd …` for each answer that must not be, and at the end `answers` with a JSON object.
struct LiveWorkload: Sendable {
    let address: String
    let promises: String
    let seed: UInt64
    let customers: Int

    func run() async throws {
        guard FileManager.default.createFile(atPath: self.promises, contents: nil),
            let file = FileHandle(forWritingAtPath: self.promises)
        else { throw CommandFailure.environment("\(self.promises) cannot be written") }
        guard let email = readLine(), let password = readLine() else {
            throw CommandFailure.usage("an operator's e-mail address and password are expected, a line each")
        }
        let written = Mutex(file)
        let transport = HTTPTransport(directory: ServiceDirectory(["gateway": self.address]), time: .system)
        let live = LiveCustomers(transport: transport, seed: self.seed, customers: self.customers) { news in
            switch news {
            case .promised(let line): written.withLock { $0.write(Data(line.serialized + [UInt8(ascii: "\n")])) }
            case .odd(let what): Terminal.line("odd \(what)")
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.obey(live) }
            try await live.run(operator: email, password) { Terminal.line("open") }
            try await group.waitForAll()
        }
        try await transport.shutDown()
        var answers = JSONObject()
        for (answer, count) in live.answers.sorted(by: { $0.key < $1.key }) { answers[answer] = .integer(count) }
        Terminal.line("answers " + String(decoding: JSONValue.object(answers).serialized, as: UTF8.self))
    }

    private static func obey(_ live: LiveCustomers) async throws {
        let input = DedicatedThread(name: "standard-input")
        while let word = try await input.run({ readLine() }) {
            switch word {
            case "pause":
                live.pause()
                while !live.isIdle { try await TimeSource.system.sleep(for: .milliseconds(20)) }
                Terminal.line("idle")
            case "resume": live.resume()
            case "stop": return live.stop()
            default: throw CommandFailure.usage("pause, resume or stop is expected, not '\(word)'")
            }
        }
        live.stop()
    }
}
