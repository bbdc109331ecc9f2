import Chassis
import Essentials
import EventSourcing

/// When an event was committed: not before one moment, and not after another, when it had been acknowledged or was found
/// after a restart.
struct Committed: Hashable, Sendable {
    var from: Tick
    var at: Tick
}

/// One event as a checker reads it: by its name and its JSON, without any code of the service that wrote it.
struct Fact: Hashable, Sendable {
    var service: ServiceName
    var position: Int64
    var stream: StreamID
    var version: Int64
    var id: UniqueID
    var type: String
    var data: JSONValue
    /// When it was committed, as far as somebody watched.
    var committed: Committed?

    init(_ event: RecordedEvent, service: ServiceName, committed: Committed?) throws {
        self.service = service
        self.position = event.position.value
        self.stream = event.stream
        self.version = event.version.value
        self.id = event.id
        self.type = event.type
        self.data = try JSONReader.parse(event.event.data)
        self.committed = committed
    }

    var aggregate: UniqueID { self.stream.aggregateID }
    var category: String { self.stream.category }

    func id(_ member: String) -> UniqueID? { self.data[member]?.string.flatMap { UniqueID($0) } }

    /// Minor units of a money member.
    func minor(_ member: String) -> Int64? { self.data[member]?["minor"]?.integer }

    /// Pieces by product of a member with lines.
    func pieces(_ member: String = "lines") -> [UniqueID: Int64] {
        var pieces: [UniqueID: Int64] = [:]
        for line in self.data[member]?.array ?? [] {
            guard let product = line["productId"]?.string.flatMap({ UniqueID($0) }),
                let quantity = line["quantity"]?.integer
            else { continue }
            pieces[product, default: 0] += quantity
        }
        return pieces
    }

    /// For excerpts.
    var line: String {
        let moment = self.committed.map { $0.at.line } ?? "?"
        return "\(moment) \(self.service) #\(self.position) \(self.stream) v\(self.version) \(self.type)"
    }
}

extension Tick {
    /// Seconds since the beginning of the run, with microseconds.
    var line: String {
        let micros = self.nanoseconds / 1_000
        let fraction = String(micros % 1_000_000)
        return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction + "s"
    }
}
