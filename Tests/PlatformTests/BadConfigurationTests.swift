import EventSourcing
import Foundation
import StorageSQLite
import Testing

@Suite struct BadConfigurationTests {
    private let scratch = Scratch()

    private func refused(
        _ arguments: [String], environment: [String: String] = [:], status: Int32 = 3,
    ) async throws -> String {
        let ended = try await MainstayProcess.run(arguments, environment: environment)
        #expect(ended.status == status, "\(ended)")
        return ended.error
    }

    @Test(arguments: [
        ["up", "--port", "high"], ["up", "--port", "70000"], ["up", "--unknown"], ["fly"], ["serve"],
        ["serve", "bakery"],
        ["load", "--seconds", "0"],
    ])
    func `a bad command line ends with 2 and says why`(_ arguments: [String]) async throws {
        let error = try await self.refused(arguments, status: 2)
        #expect(error.lowercased().contains("error"))
    }

    @Test func `an unknown key of the file is named with its line and the nearest known one`() async throws {
        let file = self.scratch.file("mainstay.yaml", "host: 127.0.0.1\nprot: 3000\n")
        let error = try await self.refused(["up", "--config", file, "--data", self.scratch.path + "/d"])
        #expect(error.contains("\(file):2: prot is not known; did you mean port?"))
    }

    @Test func `every bad key is named at once`() async throws {
        let file = self.scratch.file(
            "mainstay.yaml", "port: 99999\nlog:\n  level: loud\ndemo: perhaps\ngateway:\n  deadlin: 3\n")
        let error = try await self.refused(["up", "--config", file, "--data", self.scratch.path + "/d"])
        for key in ["port", "log.level", "demo", "gateway.deadlin is not known; did you mean gateway.deadline?"] {
            #expect(error.contains(key))
        }
    }

    @Test func `pools that want more connections than there are stop the start`() async throws {
        let file = self.scratch.file("mainstay.yaml", "pools:\n  connections: 30\n")
        let error = try await self.refused(["up", "--config", file, "--data", self.scratch.path + "/d"])
        #expect(error.contains("the pools want 10 + 20 + 5 = 35 connections of a pool of 30"))
    }

    @Test func `an unknown variable is named with the nearest known one`() async throws {
        let error = try await self.refused(
            ["up", "--data", self.scratch.path + "/d"], environment: ["MAINSTAY_LOG_LEVLE": "info"])
        #expect(error.contains("MAINSTAY_LOG_LEVLE is not known; did you mean MAINSTAY_LOG_LEVEL?"))
    }

    @Test func `a file that is no YAML or is not there is refused`() async throws {
        let file = self.scratch.file("broken.yaml", "a: [1,\nb: }")
        #expect(try await self.refused(["up", "--config", file]).contains("broken.yaml"))
        #expect(try await self.refused(["up", "--config", "/nowhere.yaml"]).contains("/nowhere.yaml"))
    }

    @Test func `a data directory that cannot be made is named`() async throws {
        let file = self.scratch.file("occupied", "")
        let error = try await self.refused(["up", "--data", "\(file)/data", "--port", "0"])
        #expect(error.contains("\(file)/data cannot be created: \(file) is no directory"))
        let itself = try await self.refused(["up", "--data", file, "--port", "0"])
        #expect(itself.contains("\(file) cannot be created: \(file) is no directory"))
    }

    @Test func `a data directory that another process holds is refused`() async throws {
        let platform = try await RunningPlatform(in: self.scratch.path)
        let error = try await self.refused(["up", "--data", self.scratch.path, "--port", "0"])
        #expect(error.contains("is in use"))
        #expect(await platform.stop() == 0)
    }

    @Test func `a port that is in use is named`() async throws {
        let platform = try await RunningPlatform(in: self.scratch.path + "/a")
        let port = try #require(platform.url.split(separator: ":").last.map(String.init))
        let error = try await self.refused(["serve", "catalog", "--data", self.scratch.path + "/b", "--port", port])
        #expect(error.contains("in use"))
        #expect(error.contains(port))
        #expect(await platform.stop() == 0)
    }

    @Test func `a damaged database is named`() async throws {
        let file = self.scratch.file("orders.sqlite", String(repeating: "this is no database ", count: 300))
        let error = try await self.refused(["up", "--data", self.scratch.path, "--port", "0"])
        #expect(error.contains(file))
    }

    @Test func `a database of a newer version is refused and left alone`() async throws {
        let path = self.scratch.path + "/orders.sqlite"
        _ = try SQLiteStore(
            path: path, service: "orders",
            migrations: [Migration("orders/999-later", ["CREATE TABLE later (id INTEGER)"])])
        let error = try await self.refused(["up", "--data", self.scratch.path, "--port", "0"])
        #expect(error.contains("newer version"))
        #expect(error.contains("orders/999-later"))
    }
}
