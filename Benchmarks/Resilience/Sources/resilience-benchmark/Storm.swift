import Essentials
import Glibc
import Resilience

/// Very many calls at one time, all of which hang until their timeout ends them.
enum Storm {
    @concurrent
    static func run(count: Int) async throws {
        let pipeline = Pipeline { Timeout(.seconds(2)) }
        let before = (cpu: processTime(), memory: residentKiB(), wall: TimeSource.system.now)
        let expired = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<count { group.addTask { await self.hangs(pipeline) } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        let cpu = Double(processTime() - before.cpu) / Double(count) / 1_000
        let wall = (TimeSource.system.now - before.wall).fractionalSeconds
        let memory = Double(peakKiB() - before.memory) / Double(count)
        print(
            "\(count) timeouts at one time: \(expired) fired, all over after \(rounded(wall)) s (limit 2 s),",
            "\(rounded(cpu)) µs of CPU and \(rounded(memory)) KiB each, body and caller included; \(threads()) threads")
    }

    private static func hangs(_ pipeline: Pipeline) async -> Bool {
        do {
            try await pipeline.run { try await hang() }
            return false
        } catch {
            return (error as? Refusal)?.code == .deadlineExceeded
        }
    }
}

/// Suspends until the task is cancelled, without a timer of its own.
private func hang() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    for await _ in stream {}
    continuation.finish()
    throw CancellationError()
}

private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

private func status(_ field: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard text.hasPrefix(field) else { continue }
        return Int(text.filter(\.isNumber)) ?? 0
    }
    return 0
}

private func residentKiB() -> Int { status("VmRSS:") }
private func peakKiB() -> Int { status("VmHWM:") }
private func threads() -> Int { status("Threads:") }
