import Synchronization

/// A small, fast generator with 64 bits of state whose sequence follows from its seed alone.
///
/// The algorithm is SplitMix64 (Steele, Lea, Flood 2014). Not for secrets.
public struct SeededGenerator: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        self.state = seed
    }

    public mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Where chance comes from: a random number generator that may be shared between tasks.
public struct Chance: RandomNumberGenerator, Sendable {
    private let draw: @Sendable () -> UInt64

    public init(_ draw: @escaping @Sendable () -> UInt64) {
        self.draw = draw
    }

    /// A reproducible sequence. Not for secrets.
    public init(seed: UInt64) {
        let generator = SharedGenerator(seed: seed)
        self.init { generator.next() }
    }

    /// The operating system's generator, fit for secrets.
    public static let system = Chance {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    public func next() -> UInt64 { self.draw() }

    /// A fraction in `0..<1`, uniformly distributed.
    public func fraction() -> Double {
        Double(self.draw() >> 11) * 0x1p-53
    }

    /// A whole number below `bound`, uniformly distributed. `bound` must be positive.
    public func below(_ bound: Int) -> Int {
        precondition(bound > 0, "there is no number below \(bound) that is not negative")
        var copy = self
        return Int(copy.next(upperBound: UInt64(bound)))
    }

    /// `count` random bytes.
    public func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let word = self.draw()
            for shift in stride(from: 0, to: 64, by: 8) where bytes.count < count {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return bytes
    }
}

private final class SharedGenerator: Sendable {
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64) {
        self.generator = Mutex(SeededGenerator(seed: seed))
    }

    func next() -> UInt64 { self.generator.withLock { $0.next() } }
}
