import Essentials
import Foundation
import Resilience
import Testing

@Suite("The pages on adaptive limit, shedding, hedging and chaos")
struct ControlDocumentTests {
    private struct NoQueue: PressureGauge {
        func longestWait(at now: Tick) -> Duration { .zero }
    }

    private static let strategies: [(page: String, strategy: any Strategy)] = [
        ("AdaptiveLimit", AdaptiveLimit(named: "any")), ("Shedding", Shedding(named: "any", before: NoQueue())),
        ("Hedge", Hedge(named: "any")),
    ]

    private func page(_ name: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "Docs/Resilience/\(name).md"), encoding: .utf8)
    }

    @Test(arguments: [0, 1, 2])
    func `name the defaults that the code has`(_ index: Int) throws {
        let (name, strategy) = Self.strategies[index]
        let page = try self.page(name)
        for setting in strategy.descriptor.settings {
            #expect(page.contains("| \(setting.name) | \(setting.value) |"), "\(setting)")
        }
    }

    @Test(arguments: [0, 1, 2])
    func `name every figure of the snapshots, in order`(_ index: Int) throws {
        let (name, strategy) = Self.strategies[index]
        let figures = strategy.snapshot(at: Tick(nanoseconds: 0)).figures.map(\.name).joined(separator: ", ")
        let page = try self.page(name).replacing("\n", with: " ")
        #expect(page.contains("figures: \(figures)."))
    }

    @Test func `name the kinds of chaos`() throws {
        let page = try self.page("Chaos")
        let lever = ChaosSwitch()
        let layers: [any Strategy] = [
            Chaos.Latency(.zero...(.zero), named: "a", when: lever), Chaos.Fault(named: "a", when: lever),
            Chaos.Outcome(named: "a", when: lever) { _ in 1 }, Chaos.Behaviour(named: "a", when: lever) { _ in },
        ]
        for layer in layers { #expect(page.contains("`\(layer.descriptor.kind)`")) }
        #expect(ChaosSwitch.Setting().injectionRate == 0.001)
    }
}
