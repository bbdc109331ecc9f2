import Configuration
import Essentials
import Foundation

/// What is told about the platform, and kept of it.
extension Settings {
    /// Traces a second that are kept whole.
    var tracesPerSecond: Int { self.values.int(forKey: "telemetry.traces", default: 20) }
    var collector: String? { self.values.string(forKey: "telemetry.collector") }
    var telemetryQuota: ByteCount { .mebibytes(self.values.int(forKey: "telemetry.quota", default: 512)) }
    var telemetryRetention: Duration { .seconds(3_600 * self.values.int(forKey: "telemetry.retention", default: 72)) }

    var hasTextLog: Bool {
        self.values.string(forKey: "log.format", default: isatty(2) == 1 ? "text" : "json") == "text"
    }

    /// What must appear nowhere.
    var secrets: [Redacted<String>] {
        KeyRegistry.keys.compactMap { key in
            guard case .secret = key.kind else { return nil }
            let name = ConfigKey(key.name.split(separator: ".").map(String.init))
            return self.values.string(forKey: name, isSecret: true).map { Redacted($0) }
        }
    }
}
