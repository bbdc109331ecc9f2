public import Essentials
import LoadBalancing

/// Which hosts are to be asked for their health, and when: a value that a timer and the answers drive.
public struct HostChecks: Hashable, Sendable {
    /// A host of a service.
    public struct Target: Hashable, Sendable {
        public var service: String
        public var host: String
        public var path: String
        public var timeout: Duration
    }

    private struct Key: Hashable, Comparable {
        var service: String
        var host: String

        static func < (left: Key, right: Key) -> Bool { (left.service, left.host) < (right.service, right.host) }
    }

    private struct Entry: Hashable {
        var check: ActiveCheck
        var path: String
    }

    private var entries: [Key: Entry] = [:]

    public init() {}

    /// Adopts what there is to check: checks of hosts that stay go on, unless their settings changed.
    public mutating func follow(_ services: [ServiceConfiguration], _ hosts: [String: GroupHosts], at now: Tick) {
        var entries: [Key: Entry] = [:]
        for service in services {
            guard let configuration = service.health, let group = hosts[service.name] else { continue }
            for member in group.members {
                let key = Key(service: service.name, host: member.host.name)
                if let known = self.entries[key], known.check.configuration == configuration,
                    known.path == service.healthPath
                {
                    entries[key] = known
                } else {
                    entries[key] = Entry(check: ActiveCheck(configuration, at: now), path: service.healthPath)
                }
            }
        }
        self.entries = entries
    }

    /// Begins the checks that are due, in a stable order.
    public mutating func begin(at now: Tick) -> [Target] {
        self.entries.keys.sorted().compactMap { key in
            guard var entry = self.entries[key], entry.check.begin(at: now) else { return nil }
            self.entries[key] = entry
            return Target(
                service: key.service, host: key.host, path: entry.path, timeout: entry.check.configuration.timeout)
        }
    }

    /// A host answered, or did not.
    /// - Parameter failure: nil when it is well.
    /// - Returns: what is to be believed of the host from now on: `.some(nil)` that it is well; nil when nothing new is known.
    public mutating func answered(_ target: Target, _ failure: String?, at now: Tick) -> String?? {
        let key = Key(service: target.service, host: target.host)
        guard var entry = self.entries[key] else { return nil }
        _ = entry.check.answered(failure, at: now)
        self.entries[key] = entry
        return switch entry.check.state {
        case .unknown: nil
        case .passing: .some(nil)
        case .failing(let reason): reason
        }
    }

    /// When the next check is due; nil without hosts.
    public var due: Tick? { self.entries.values.map(\.check.due).min() }
}
