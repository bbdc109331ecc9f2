/// Memory for elements by number, which grows and never shrinks. Numbers are checked in debug builds only.
///
/// An array would check bounds and uniqueness on each of the many small steps of a hit. The owner says which elements
/// are initialised; the column itself frees memory and nothing else.
@usableFromInline
struct Column<Element>: ~Copyable {
    @usableFromInline
    var base: UnsafeMutablePointer<Element>
    @usableFromInline
    var capacity: Int

    @inlinable
    init() {
        self.capacity = 0
        self.base = .allocate(capacity: 0)
    }

    /// `count` elements, all with the same value.
    @inlinable
    init(repeating element: Element, count: Int) {
        self.capacity = count
        self.base = .allocate(capacity: count)
        self.base.initialize(repeating: element, count: count)
    }

    @inlinable
    deinit { self.base.deallocate() }

    @inlinable
    subscript(number: UInt32) -> Element {
        unsafeAddress {
            assert(Int(number) < self.capacity, "there is no element \(number)")
            return UnsafePointer(self.base + Int(number))
        }
        unsafeMutableAddress {
            assert(Int(number) < self.capacity, "there is no element \(number)")
            return self.base + Int(number)
        }
    }

    /// Moves the elements below `capacity` for which `isInitialised` says so into larger memory.
    @inlinable
    mutating func grow(to capacity: Int, moving isInitialised: (UInt32) -> Bool) {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        for number in 0..<self.capacity where isInitialised(UInt32(number)) {
            (larger + number).initialize(to: (self.base + number).move())
        }
        self.base.deallocate()
        self.base = larger
        self.capacity = capacity
    }

    /// Grows, and gives the new elements a value. All elements must be initialised.
    @inlinable
    mutating func grow(to capacity: Int, filling element: Element) {
        let old = self.capacity
        guard capacity > old else { return }
        self.grow(to: capacity) { _ in true }
        (self.base + old).initialize(repeating: element, count: capacity - old)
    }
}
