public import Essentials

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension SeededGenerator {
    /// The generator of one case of a fuzz test.
    ///
    /// - Parameter seed: of the case, counted from the environment's `FUZZ_SEED` (default: 0), so that each round of
    ///   `make fuzz-wire` plays other cases.
    public static func fuzzing(_ seed: Int) -> SeededGenerator {
        let base = getenv("FUZZ_SEED").flatMap { UInt64(String(cString: $0)) } ?? 0
        return SeededGenerator(seed: base &+ UInt64(seed))
    }
}
