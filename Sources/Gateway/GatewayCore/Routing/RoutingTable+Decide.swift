public import HTTPWire
import LoadBalancing

extension RoutingTable {
    /// What becomes of a request. Allocates nothing.
    /// - Parameters:
    ///   - bytes: what the offsets of `head` refer to.
    ///   - peer: a key of the client's address, see `BalancingKey`; keeps clients with their part of a split.
    ///   - draw: a random number, for splits that keep nobody.
    public func decide(
        _ head: borrowing RequestHead, _ bytes: RawSpan, peer: UInt64, draw: UInt64
    ) -> RouteDecision {
        switch head.form {
        case .asterisk: return RouteDecision(outcome: .refuse(.noRoute))
        case .absolute where head.path.isEmpty:
            let texts = self.parts.bytes.span.bytes
            return self.decide(head, bytes, path: texts.extracting(0..<1), peer, draw)
        case .absolute, .origin:
            return self.decide(head, bytes, path: bytes.extracting(head.path.bounds), peer, draw)
        }
    }

    private func decide(
        _ head: borrowing RequestHead, _ bytes: RawSpan, path: RawSpan, _ peer: UInt64, _ draw: UInt64
    ) -> RouteDecision {
        guard PathCheck.isPlain(path) else { return RouteDecision(outcome: .refuse(.ambiguousPath)) }
        var facts = RequestFacts(head, bytes)
        guard self.readTenant(head, bytes, &facts) else { return RouteDecision(outcome: .refuse(.tenantMismatch)) }
        guard let rank = self.find(head, bytes, path: path, &facts, ignoringMethod: false) else {
            let isThere = self.find(head, bytes, path: path, &facts, ignoringMethod: true) != nil
            return RouteDecision(outcome: .refuse(isThere ? .methodNotAllowed : .noRoute))
        }
        let route = self.compiled[rank]
        var decision = RouteDecision(outcome: self.outcome(route, head, bytes, peer, draw))
        decision.route = rank
        decision.isRewritten = route.isRewritten
        decision.needsToken = route.needsToken && head.method != .options
        decision.version = Int(route.served)
        decision.variesByAccept = facts.version != nil
        decision.tenant = facts.tenant
        return decision
    }

    /// The first route that fits; nil when none does.
    private func find(
        _ head: borrowing RequestHead, _ bytes: RawSpan, path: RawSpan, _ facts: inout RequestFacts,
        ignoringMethod: Bool
    ) -> Int? {
        var best = Int.max
        let first = path.first(.slash, from: 1)
        let second = first < path.byteCount ? path.first(.slash, from: first + 1) : first
        var host: UInt64 = 0
        if self.lookup.usesHosts {
            host = RouteLookup.hash(bytes.extracting(facts.host.bounds), RouteLookup.hostSeed, isFolded: true)
        }
        while true {
            var key = RouteLookup.start(host)
            self.search(key, head, bytes, path: path, &facts, ignoringMethod, &best)
            if first > 1 {
                key = RouteLookup.hash(path.extracting(1..<first), key, isFolded: false)
                self.search(key, head, bytes, path: path, &facts, ignoringMethod, &best)
            }
            if second > first + 1 {
                key = RouteLookup.hash(path.extracting((first + 1)..<second), key, isFolded: false)
                self.search(key, head, bytes, path: path, &facts, ignoringMethod, &best)
            }
            if host == 0 { break }
            host = 0
        }
        return best == .max ? nil : best
    }

    @inline(__always)
    private func search(
        _ key: UInt64, _ head: borrowing RequestHead, _ bytes: RawSpan, path: RawSpan, _ facts: inout RequestFacts,
        _ ignoringMethod: Bool, _ best: inout Int
    ) {
        for position in self.lookup.list(key).bounds {
            let rank = self.lookup.rank(position)
            if rank >= best { return }
            if self.fits(rank, head, bytes, path: path, &facts, ignoringMethod: ignoringMethod) {
                best = rank
                return
            }
        }
    }

    private func outcome(
        _ route: CompiledRoute, _ head: borrowing RequestHead, _ bytes: RawSpan, _ peer: UInt64, _ draw: UInt64
    ) -> RouteDecision.Outcome {
        if route.group >= 0 { return .forward(group: Int(route.group)) }
        if route.split >= 0 { return .forward(group: self.divide(Int(route.split), head, bytes, peer, draw)) }
        if let refusal = route.refusal { return .refuse(refusal) }
        return .redirect(status: Int(route.redirectStatus))
    }

    /// Reads the tenant of host and header.
    /// - Returns: false when they contradict each other, or name what cannot be a tenant.
    func readTenant(_ head: borrowing RequestHead, _ bytes: RawSpan, _ facts: inout RequestFacts) -> Bool {
        if let domain = self.parts.tenantDomain {
            let host = bytes.extracting(facts.host.bounds)
            if host.byteCount > domain.count,
                host.ends(withFolded: self.parts.bytes.span.bytes.extracting(domain.bounds))
            {
                facts.tenant = WireRange(start: facts.host.start, count: host.byteCount - Int(domain.count))
                guard Self.isLabel(bytes.extracting(facts.tenant.bounds)) else { return false }
            }
        }
        guard let header = self.parts.tenantHeader else { return true }
        for index in head.fields.entries.indices {
            let entry = head.fields.entries[index]
            guard entry.id == header.field,
                bytes.extracting(entry.name.bounds).equalsFolded(
                    self.parts.bytes.span.bytes.extracting(header.name.bounds))
            else { continue }
            let value = bytes.extracting(entry.value.bounds)
            guard Self.isLabel(value) else { return false }
            guard facts.tenant.isEmpty || Self.areEqual(value, bytes.extracting(facts.tenant.bounds)) else {
                return false
            }
            facts.tenant = entry.value
        }
        return true
    }

    /// One to 63 letters, digits and hyphens, none at an end (RFC 1123).
    private static func isLabel(_ text: RawSpan) -> Bool {
        guard (1...63).contains(text.byteCount) else { return false }
        for index in 0..<text.byteCount {
            let byte = text.at(index).lowercase
            let isHyphen = byte == UInt8(ascii: "-") && index > 0 && index < text.byteCount - 1
            guard byte &- 0x61 < 26 || byte &- 0x30 < 10 || isHyphen else { return false }
        }
        return true
    }

    private static func areEqual(_ left: RawSpan, _ right: RawSpan) -> Bool {
        guard left.byteCount == right.byteCount else { return false }
        for index in 0..<left.byteCount where left.at(index).lowercase != right.at(index).lowercase { return false }
        return true
    }
}

// MARK: Splits

extension RoutingTable {
    /// The group of a split that a request belongs to.
    private func divide(
        _ split: Int, _ head: borrowing RequestHead, _ bytes: RawSpan, _ peer: UInt64, _ draw: UInt64
    ) -> Int {
        for index in self.parts.splits[split].overrides.indices {
            let override = self.parts.splits[split].overrides[index]
            if self.fitsHeader(override.header, head, bytes) { return Int(override.group) }
        }
        let key = self.parts.splits[split].key.value(head, bytes, peer: peer, draw: draw)
        // The salt keeps two splits from sending the same clients to their canaries.
        let point = Self.mixed(key ^ self.parts.splits[split].salt)
            .multipliedFullWidth(by: self.parts.splits[split].total).high
        for target in self.parts.splits[split].targets where point < target.bound { return Int(target.group) }
        preconditionFailure("a point lies below the sum of the weights")
    }

    /// SplitMix64's finaliser.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
