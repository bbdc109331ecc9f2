import Chassis
import Essentials

/// Whether money and stock are where they should be.
struct LedgerPage: Sendable {
    let pages: ConsolePages
    let services: [ServiceName]

    struct Model: Encodable, Sendable {
        struct Row: Encodable, Sendable {
            var service: String
            var ledger: String
            var accounts: Int64
            var debits: Int64
            var credits: Int64
            var pending: Int64
            var isBalanced: Bool
        }

        var at: Timestamp
        var isBalanced: Bool
        var silent: [String]
        var ledgers: [Row]
    }

    var routes: [Route] {
        self.pages.view("/ledger", "showLedgers", load: { await self.load($0) }, show: { Self.page($0, $1) })
    }

    private func load(_ call: ConsoleCall) async -> Model {
        let answers = await self.pages.services.get(self.services, "/internal/ledger/trial-balance", call)
        let rows = answers.flatMap { service, answer in
            (answer["ledgers"]?.array ?? []).map { ledger in
                Model.Row(
                    service: service.rawValue, ledger: ledger["ledger"]?.string ?? "",
                    accounts: ledger["accounts"]?.integer ?? 0, debits: ledger["debits"]?.integer ?? 0,
                    credits: ledger["credits"]?.integer ?? 0, pending: ledger["pending"]?.integer ?? 0,
                    isBalanced: ledger["equal"]?.bool ?? false)
            }
        }
        let answered = Set(answers.map(\.0))
        return Model(
            at: self.pages.environment.wallClock.now, isBalanced: rows.allSatisfy(\.isBalanced),
            silent: self.services.filter { !answered.contains($0) }.map(\.rawValue), ledgers: rows)
    }

    private static func page(_ model: Model, _ call: ConsoleCall) -> HTML {
        let tone = !model.isBalanced ? "bad" : model.silent.isEmpty ? "good" : "warn"
        let words =
            !model.isBalanced
            ? "Debits and credits differ"
            : model.silent.isEmpty
                ? "Every ledger is balanced: nothing appeared, nothing is lost"
                : "\(model.silent.joined(separator: ", ")) cannot be asked; the others are balanced"
        let rows = model.ledgers.map { row -> HTML in
            """
            <tr><th scope="row">\(row.ledger)</th><td>\(row.service)</td><td class="n">\(Format.count(row.accounts))</td>
            <td class="n">\(Format.count(row.debits))</td><td class="n">\(Format.count(row.credits))</td>
            <td class="n">\(Format.count(row.pending))</td><td>\(Frame.badge(row.isBalanced ? "balanced" : "fault"))</td></tr>
            """
        }
        return Frame.page(
            "Ledger", .ledger, for: call, refresh: 10,
            """
            <p class="banner \(tone)"><span class="dot"></span>\(words)</p>
            \(Frame.card("Trial balance", more: "<span class=\"quiet\">in the smallest unit of each ledger</span>", Frame.table(
                ["Ledger", "Service", ">Accounts", ">Debits", ">Credits", ">Held", ""], rows, empty: "No ledger yet.")))
            """)
    }
}
