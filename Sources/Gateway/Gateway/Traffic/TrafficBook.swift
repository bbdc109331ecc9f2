import Essentials
import GatewayCore
import Synchronization

/// The compiled policies of the routes in force, made once for all loops and handlers.
final class TrafficBook: Sendable {
    private struct Pages {
        var generation = 0
        /// By route.
        var policies: [TrafficPolicy?] = []
    }

    private let time: TimeSource
    private let pages = Mutex(Pages())

    init(time: TimeSource) {
        self.time = time
    }

    /// The policies of an edition, by route. Limits of routes that keep theirs go on counting.
    func policies(of edition: GatewayPlan.Edition) -> [TrafficPolicy?] {
        self.pages.withLock { pages in
            guard pages.generation != edition.generation else { return pages.policies }
            var earlier: [String: TrafficPolicy] = [:]
            for case let policy? in pages.policies { earlier[policy.route] = policy }
            let policies = edition.table.routes.map { route in
                TrafficPolicy(route, keeping: earlier[route.name], time: self.time)
            }
            if edition.generation > pages.generation {
                pages = Pages(generation: edition.generation, policies: policies)
            }
            return policies
        }
    }
}
