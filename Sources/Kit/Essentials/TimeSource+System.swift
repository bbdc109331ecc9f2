#if canImport(Glibc)
    import Glibc

    extension TimeSource {
        /// Reads the kernel's clock itself: half the price of `ContinuousClock` and its 128-bit arithmetic.
        static var operatingSystem: TimeSource {
            TimeSource(
                now: { .sinceBoot },
                sleepUntil: { tick in
                    let clock = ContinuousClock()
                    try await clock.sleep(until: clock.now.advanced(by: tick - .sinceBoot), tolerance: nil)
                })
        }
    }

    extension Tick {
        fileprivate static var sinceBoot: Tick {
            var time = timespec()
            clock_gettime(CLOCK_BOOTTIME, &time)
            return Tick(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
        }
    }
#else
    extension TimeSource {
        static var operatingSystem: TimeSource { TimeSource(ContinuousClock()) }
    }
#endif
