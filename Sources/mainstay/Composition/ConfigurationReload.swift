import Essentials
import Foundation
import Gateway
import GatewayCore
import Logging
import UnixSignals

/// Reads the gateway's configuration again, when told to and when the file has changed. What is refused changes nothing.
struct ConfigurationReload: Sendable {
    /// Between two looks at the file.
    private static let pause = Duration.seconds(1)

    let file: String?
    let control: GatewayControl
    let time: TimeSource
    let logger: Logger

    /// With each SIGHUP.
    func whenTold() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) { self.reload() }
    }

    /// When the file is another, longer, shorter or newer than it was: once it has stayed so for a second, because who writes
    /// it may not have finished.
    func whenChanged() async {
        guard let file else { return }
        var loaded = Stamp(file)
        var seen = loaded
        while true {
            do { try await self.time.sleep(for: Self.pause) } catch { return }
            let now = Stamp(file)
            if now != loaded, now == seen, now != nil {
                self.reload()
                loaded = now
            }
            seen = now
        }
    }

    private func reload() {
        do {
            let configuration = try Settings.load(file: self.file, environment: [:], flags: [:]).gateway
            let changes = self.control.replace(configuration)
            let told = changes.map(\.description).joined(separator: "; ")
            self.logger.notice("the gateway's configuration was replaced", metadata: ["changes": "\(told)"])
        } catch {
            let reason = (error as? CommandFailure)?.message ?? "\(error)"
            self.logger.error(
                "the gateway's configuration is refused, the old one stays", metadata: ["problems": "\(reason)"])
        }
    }

    /// What tells one state of a file from another.
    private struct Stamp: Hashable {
        var inode: UInt64
        var size: Int64
        var seconds: Int
        var nanoseconds: Int

        /// - Returns: nil when there is no file.
        init?(_ file: String) {
            var entry = stat()
            guard stat(file, &entry) == 0 else { return nil }
            self.inode = UInt64(entry.st_ino)
            self.size = Int64(entry.st_size)
            self.seconds = entry.st_mtim.tv_sec
            self.nanoseconds = entry.st_mtim.tv_nsec
        }
    }
}
