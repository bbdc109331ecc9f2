import Chassis
import Essentials
import EventSourcing
import Foundation
import ShopSimulation
import StorageSQLite

/// The simulator's checkers on a data directory.
struct DirectoryCheck: Sendable {
    let directory: String
    let promises: String?
    let isSettled: Bool

    func run(json: Bool) async throws {
        var options = EventsCommand.Options()
        options.data = self.directory
        var stores: [ServiceName: ServiceStore] = [:]
        for service in EventsCommand.services(in: self.directory) {
            stores[ServiceName(rawValue: service)] = try EventsCommand.open(service, options).transactor.map { $0 }
        }
        let missing = ServiceBlueprint.all.map(\.name).filter { stores[$0] == nil }
        guard missing.isEmpty else {
            throw CommandFailure.environment("\(self.directory) has no database of \(missing.map(\.rawValue))")
        }
        let check = try await BooksCheck(
            stores, promises: try self.readPromises(), mails: self.readMails(),
            isComplete: self.isSettled && self.promises != nil)
        let found = check.anomalies(isSettled: self.isSettled)
        if json {
            for anomaly in found {
                Terminal.line(String(decoding: try JSONEncoder().encode(anomaly), as: UTF8.self))
            }
        } else {
            Terminal.line("\(check.events) events and \(check.promises) promises: \(found.count) anomalies")
        }
        guard found.isEmpty else {
            throw CommandFailure.isFalse(found.prefix(20).map(\.description).joined(separator: "\n"))
        }
    }

    private func readPromises() throws -> [JSONValue] {
        guard let promises else { return [] }
        guard let data = FileManager.default.contents(atPath: promises) else {
            throw CommandFailure.environment("\(promises) cannot be read")
        }
        return try data.split(separator: UInt8(ascii: "\n")).map { try JSONReader.parse([UInt8]($0)) }
    }

    private func readMails() -> [String] {
        let folder = "\(self.directory)/mail/email"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().compactMap { name in
            FileManager.default.contents(atPath: "\(folder)/\(name)").map { String(decoding: $0, as: UTF8.self) }
        }
    }
}
