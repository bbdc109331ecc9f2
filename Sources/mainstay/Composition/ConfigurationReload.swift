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
    /// Nil: clients speak in the clear.
    let certificates: FrontCertificates?
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
        var loaded = self.stamps(file)
        var seen = loaded
        while true {
            do { try await self.time.sleep(for: Self.pause) } catch { return }
            let now = self.stamps(file)
            if now != loaded, now == seen, !now.contains(nil) {
                self.reload()
                loaded = self.stamps(file)
            }
            seen = now
        }
    }

    /// Of the file, and of the certificates that it names.
    private func stamps(_ file: String) -> [Stamp?] {
        ([file] + (self.certificates?.paths ?? [])).map { Stamp($0) }
    }

    private func reload() {
        do {
            let configuration = try Settings.load(file: self.file, environment: [:], flags: [:]).gateway
            guard (self.certificates == nil) == configuration.certificates.isEmpty else {
                throw CommandFailure.environment("whether clients speak TLS changes only with a restart")
            }
            try self.certificates?.reload(configuration.certificates)
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
