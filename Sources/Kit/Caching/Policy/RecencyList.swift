/// Slots from the newest to the oldest, linked through their nodes.
struct RecencyList {
    private(set) var newest = EvictionPolicy.none
    private(set) var oldest = EvictionPolicy.none
    private(set) var weight = 0

    mutating func pushFront(_ slot: UInt32, _ weight: Int, _ nodes: inout Column<EvictionPolicy.Node>) {
        nodes[slot].newer = EvictionPolicy.none
        nodes[slot].older = self.newest
        if self.newest != EvictionPolicy.none { nodes[self.newest].newer = slot } else { self.oldest = slot }
        self.newest = slot
        self.weight += weight
    }

    mutating func remove(_ slot: UInt32, _ weight: Int, _ nodes: inout Column<EvictionPolicy.Node>) {
        let (newer, older) = (nodes[slot].newer, nodes[slot].older)
        if newer != EvictionPolicy.none { nodes[newer].older = older } else { self.newest = older }
        if older != EvictionPolicy.none { nodes[older].newer = newer } else { self.oldest = newer }
        self.weight -= weight
    }

    mutating func moveToFront(_ slot: UInt32, _ nodes: inout Column<EvictionPolicy.Node>) {
        guard slot != self.newest else { return }
        self.remove(slot, 0, &nodes)
        self.pushFront(slot, 0, &nodes)
    }
}
