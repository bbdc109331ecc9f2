import HTTPWire

extension RoutingTable {
    /// The methods with which some route would take a request that was refused for its own: the `Allow` of a 405.
    public func methods(for request: RequestText) -> [String] {
        let bytes = request.bytes.span.bytes
        let head = request.head
        var facts = RequestFacts(head, bytes)
        _ = self.readTenant(head, bytes, &facts)
        let path = head.path.isEmpty ? Array("/".utf8) : Array(bytes.text(head.path).utf8)
        var names: Set<String> = []
        for rank in self.routes.indices
        where self.fits(rank, head, bytes, path: path.span.bytes, &facts, ignoringMethod: true) {
            let match = self.routes[rank].match
            names.formUnion(match.methods)
            if match.methods.contains("GET") { names.insert("HEAD") }
        }
        return names.sorted()
    }
}
