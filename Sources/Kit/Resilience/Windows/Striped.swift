import Synchronization

/// A value in a few copies, each behind a lock of its own: threads that add to it do not wait for each other, and do not
/// take the memory of a lock from each other either, which costs more than the lock itself.
///
/// What changes seldom can stand in every copy, so that reading it is as cheap as adding.
struct Striped<Value: Sendable>: ~Copyable, Sendable {
    struct Copy: Sendable {
        var value: Value
        /// Two cache lines, because processors fetch them in pairs.
        var padding = InlineArray<16, UInt64>(repeating: 0)
    }

    let copies: InlineArray<8, Mutex<Copy>>

    init(_ value: Value) {
        self.copies = InlineArray { _ in Mutex(Copy(value: value)) }
    }

    /// The copy of the thread that asks. Another thread may have it too, so it is locked.
    @inline(__always)
    func withOwn<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        self.copies[Stripe.own].withLock { body(&$0.value) }
    }

    /// All copies, one after another.
    func forEach(_ body: (inout Value) -> Void) {
        for index in self.copies.indices { self.copies[index].withLock { body(&$0.value) } }
    }
}

/// Which of a few copies a thread takes.
enum Stripe {
    static let count = 8

    /// By where the thread's stack lies. Stacks are half a mebibyte or more apart, and the multiplication (Knuth's, by the
    /// golden ratio) spreads those evenly.
    @inline(__always)
    static var own: Int {
        var mark: UInt8 = 0
        let address = withUnsafeMutablePointer(to: &mark) { UInt64(UInt(bitPattern: $0)) }
        return Int(truncatingIfNeeded: ((address >> 19) &* 0x9E37_79B9_7F4A_7C15) >> 61)
    }
}
