import HTTPWire

/// Whether a route fits a request, condition by condition.
extension RoutingTable {
    /// - Parameter ignoringMethod: to tell "not with this method" from "not at all".
    func fits(
        _ rank: Int, _ head: borrowing RequestHead, _ bytes: RawSpan, path: RawSpan, _ facts: inout RequestFacts,
        ignoringMethod: Bool = false
    ) -> Bool {
        let route = self.compiled[rank]
        guard ignoringMethod || self.fitsMethod(route, head, bytes), self.fitsPath(route, path) else { return false }
        guard route.hosts.isEmpty || self.fitsHost(route, bytes, facts) else { return false }
        guard route.version == 0 || self.fitsVersion(route, head, bytes, &facts) else { return false }
        guard route.tenants.isEmpty || self.fitsTenant(route, bytes, facts) else { return false }
        for index in route.headers.bounds where !self.fitsHeader(self.parts.conditions[index], head, bytes) {
            return false
        }
        for index in route.query.bounds where !self.fitsQuery(self.parts.conditions[index], head, bytes) {
            return false
        }
        return true
    }

    @inline(__always)
    func fitsMethod(_ route: CompiledRoute, _ head: borrowing RequestHead, _ bytes: RawSpan) -> Bool {
        if route.takesAnyMethod { return true }
        if head.method != .other { return route.methods >> UInt16(head.method.rawValue) & 1 == 1 }
        let texts = self.parts.bytes.span.bytes
        let name = bytes.extracting(head.methodName.bounds)
        for index in route.otherMethods.bounds where name.equals(texts.extracting(self.parts.names[index].bounds)) {
            return true
        }
        return false
    }

    @inline(__always)
    func fitsPath(_ route: CompiledRoute, _ path: RawSpan) -> Bool {
        let texts = self.parts.bytes.span.bytes
        switch route.path {
        case .exact: return path.equals(texts.extracting(route.literal.bounds))
        case .prefix:
            let count = Int(route.literal.count)
            guard path.begins(with: texts.extracting(route.literal.bounds)) else { return false }
            return path.byteCount == count || path.at(count) == .slash
        case .pattern: return self.fitsPattern(route, path)
        }
    }

    private func fitsPattern(_ route: CompiledRoute, _ path: RawSpan) -> Bool {
        let texts = self.parts.bytes.span.bytes
        // At the slash before a segment.
        var position = 0
        for index in route.segments.bounds {
            guard position + 1 < path.byteCount else { return false }
            let segment = self.parts.segments[index]
            let end = path.first(.slash, from: position + 1)
            switch segment.kind {
            case .rest: return true
            case .one: if end == position + 1 { return false }
            case .literal:
                let text = path.extracting((position + 1)..<end)
                guard text.equals(texts.extracting(segment.literal.bounds)) else { return false }
            }
            position = end
        }
        return position == path.byteCount || route.segments.isEmpty && path.byteCount == 1
    }

    func fitsHost(_ route: CompiledRoute, _ bytes: RawSpan, _ facts: RequestFacts) -> Bool {
        let texts = self.parts.bytes.span.bytes
        let host = bytes.extracting(facts.host.bounds)
        for index in route.hosts.bounds {
            let wanted = self.parts.hosts[index]
            let name = texts.extracting(wanted.name.bounds)
            if wanted.isWildcard {
                if host.byteCount > name.byteCount, host.ends(withFolded: name) { return true }
            } else if host.equalsFolded(name) {
                return true
            }
        }
        return false
    }

    func fitsVersion(
        _ route: CompiledRoute, _ head: borrowing RequestHead, _ bytes: RawSpan, _ facts: inout RequestFacts
    ) -> Bool {
        let version = facts.version(head, bytes, self.parts)
        return version == Int(route.version) || version == 0 && route.isDefaultVersion
    }

    func fitsTenant(_ route: CompiledRoute, _ bytes: RawSpan, _ facts: RequestFacts) -> Bool {
        let texts = self.parts.bytes.span.bytes
        let tenant = bytes.extracting(facts.tenant.bounds)
        for index in route.tenants.bounds
        where tenant.equalsFolded(texts.extracting(self.parts.names[index].bounds)) {
            return true
        }
        return false
    }

    /// Of several fields of one name, one is enough.
    func fitsHeader(_ condition: CompiledCondition, _ head: borrowing RequestHead, _ bytes: RawSpan) -> Bool {
        let texts = self.parts.bytes.span.bytes
        for index in head.fields.entries.indices {
            let entry = head.fields.entries[index]
            guard entry.id == condition.field else { continue }
            if entry.id == .other {
                let name = bytes.extracting(entry.name.bounds)
                guard name.equalsFolded(texts.extracting(condition.name.bounds)) else { continue }
            }
            let value = bytes.extracting(entry.value.bounds)
            switch condition.test {
            case .present: return true
            case .absent: return false
            case .equals: if value.equals(texts.extracting(condition.value.bounds)) { return true }
            case .prefix: if value.begins(with: texts.extracting(condition.value.bounds)) { return true }
            }
        }
        return condition.test == .absent
    }

    /// Of several parameters of one name, the first counts.
    func fitsQuery(_ condition: CompiledCondition, _ head: borrowing RequestHead, _ bytes: RawSpan) -> Bool {
        let texts = self.parts.bytes.span.bytes
        let query = bytes.extracting(head.query.bounds)
        guard let range = QueryReading.value(of: texts.extracting(condition.name.bounds), in: query) else {
            return condition.test == .absent
        }
        let value = query.extracting(range)
        switch condition.test {
        case .present: return true
        case .absent: return false
        case .equals: return QueryReading.equals(value, texts.extracting(condition.value.bounds))
        case .prefix: return QueryReading.begins(value, with: texts.extracting(condition.value.bounds))
        }
    }
}
