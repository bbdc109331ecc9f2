import Essentials
import Synchronization

extension SimulatedNetwork {
    /// A message's way over one link.
    private struct Way {
        var settings: LinkSettings
        var cut: Cut?
    }

    private func way(on link: Link) -> Way {
        self.state.withLock { state in
            Way(settings: state.links[link] ?? state.defaultLink, cut: state.cuts[link])
        }
    }

    func send(_ request: Request, of id: UInt64, from sender: SimulatedProcess, to address: String) {
        guard sender.isAlive else { return }
        guard let endpoint = self.state.withLock({ $0.endpoints[address] }) else {
            return self.after(.zero) { self.fail(id, .unknownAddress) }
        }
        let link = Link(from: sender.nodeName, to: endpoint.process.nodeName)
        let way = self.way(on: link)
        self.simulator.note("request \(id) to \(address)")
        switch way.cut {
        case .drop: return
        case .refuse: return self.after(self.delay(way.settings)) { self.fail(id, .refused) }
        case nil: break
        }
        if self.strikes("loss", way.settings.loss, id, link) { return }
        if self.strikes("reset.before", way.settings.resetBefore, id, link) {
            return self.after(self.delay(way.settings)) { self.fail(id, .connectionLost) }
        }
        let arrive: @Sendable () -> Void = { self.deliver(request, of: id, over: link, to: address) }
        self.after(self.travel(way.settings, id, link), arrive)
        if self.strikes("duplicate", way.settings.duplication, id, link) {
            self.after(self.travel(way.settings, id, link), arrive)
        }
    }

    /// How long a request takes to arrive.
    private func travel(_ settings: LinkSettings, _ id: UInt64, _ link: Link) -> Duration {
        let isHeldUp = self.strikes("straggler", settings.straggling, id, link)
        return self.delay(settings) + (isHeldUp ? self.draw(settings.straggle) : .zero)
    }

    private func deliver(_ request: Request, of id: UInt64, over link: Link, to address: String) {
        guard self.way(on: link).cut == nil else { return }
        guard let endpoint = self.state.withLock({ $0.endpoints[address] }), endpoint.process.isAlive else {
            return self.bounce(id, over: link, address)
        }
        let back = Link(from: link.to, to: link.from)
        let ticket = endpoint.process.whenEnded { crash in
            guard crash == .kill else { return }
            self.after(self.delay(on: back)) { self.fail(id, .connectionLost) }
        }
        self.simulator.scheduler.start("request \(id) to \(address)", on: endpoint.process.incarnation) {
            let result: Result<Response, any Error>
            do { result = .success(try await endpoint.handler(request)) } catch { result = .failure(error) }
            guard endpoint.process.isAlive else { return }
            endpoint.process.forget(ticket)
            self.answer(id, result, over: back)
        }
    }

    /// Nobody listens: the machine says so, if it is up.
    private func bounce(_ id: UInt64, over link: Link, _ address: String) {
        let node = self.simulator.node(link.to)
        guard node.isRunning || node.lastCrash == .kill else { return }
        self.after(self.delay(on: Link(from: link.to, to: link.from))) { self.fail(id, .refused) }
    }

    private func answer(_ id: UInt64, _ result: Result<Response, any Error>, over link: Link) {
        let way = self.way(on: link)
        guard way.cut == nil else { return }
        if self.strikes("loss", way.settings.loss, id, link) { return }
        let isReset = self.strikes("reset.after", way.settings.resetAfter, id, link)
        self.after(self.delay(way.settings)) {
            guard self.way(on: link).cut == nil else { return }
            switch result {
            case .success where !isReset: self.finish(id, result)
            case .success, .failure: self.fail(id, .connectionLost)
            }
        }
    }

    private func strikes(_ fault: String, _ probability: Double, _ id: UInt64, _ link: Link) -> Bool {
        self.simulator.strikes(
            "\(self.name).\(fault)", probability: probability, "request \(id), \(link.from) to \(link.to)")
    }

    private func delay(on link: Link) -> Duration {
        self.delay(self.way(on: link).settings)
    }

    private func delay(_ settings: LinkSettings) -> Duration { self.draw(settings.delay) }

    private func draw(_ latency: Latency) -> Duration {
        self.state.withLock { latency.draw(using: &$0.generator) }
    }

    /// What travels belongs to nobody who could die.
    private func after(_ delay: Duration, _ action: @escaping @Sendable () -> Void) {
        let scheduler = self.simulator.scheduler
        scheduler.schedule(at: scheduler.now + delay.nanoseconds, of: self.simulator.driver.incarnation, action)
    }
}
