import Caching
import Essentials

/// What is measured. Each case runs on one cache that all threads share.
enum Case: String, CaseIterable {
    /// A read of a key that is there.
    case hit
    /// A read, and a write if it missed: the usual request.
    case getPut = "get-put"
    /// A write, of a key that is there or not.
    case put
    /// A read of a key that is there, whose entry expires.
    case hitExpiring = "hit-expiring"
    /// A read of a key that is there, with text for keys.
    case hitText = "hit-text"
    /// A loading read of a key that is there.
    case hitLoading = "hit-loading"
}

typealias NumberCache = Cache<Int, Payload>
typealias TextCache = Cache<String, Payload>

func filled(_ configuration: NumberCache.Configuration) -> NumberCache {
    let cache = NumberCache(configuration)
    for key in 0..<Workload.resident { cache.put(Payload(key), for: key) }
    return cache
}

/// - Returns: nanoseconds of CPU time for each operation, in the calling threads.
func measure(_ subject: Case, _ workload: Workload, threads: Int) async -> Double {
    let plain = NumberCache.Configuration(maximumCount: Workload.capacity)
    switch subject {
    case .hit:
        let cache = filled(plain)
        return onThreads(threads, workload) { hits(cache, $0, $1) }
    case .hitExpiring:
        let cache = filled(.init(maximumCount: Workload.capacity, expiry: .afterWrite(.seconds(300))))
        return onThreads(threads, workload) { hits(cache, $0, $1) }
    case .getPut:
        let cache = NumberCache(plain)
        _ = getPuts(cache, workload, 0)
        return onThreads(threads, workload) { getPuts(cache, $0, $1) }
    case .put:
        let cache = NumberCache(plain)
        _ = puts(cache, workload, 0)
        return onThreads(threads, workload) { puts(cache, $0, $1) }
    case .hitText:
        let cache = TextCache(.init(maximumCount: Workload.capacity))
        let names = (0..<Workload.resident).map { "product:\($0 + 1_000_000)" }
        for name in names { cache.put(Payload(0), for: name) }
        return onThreads(threads, workload) { textHits(cache, names, $0, $1) }
    case .hitLoading:
        let cache = filled(plain)
        let began = threadTime()
        await loadingHits(cache, workload)
        return Double(threadTime() - began) / Double(Workload.length)
    }
}

func hits(_ cache: NumberCache, _ workload: Workload, _ offset: Int) -> Int {
    var found = 0
    workload.forEachKey(from: offset) { key in
        if cache.value(for: key % Workload.resident) != nil { found += 1 }
    }
    return found
}

func getPuts(_ cache: NumberCache, _ workload: Workload, _ offset: Int) -> Int {
    var found = 0
    workload.forEachKey(from: offset) { key in
        if cache.value(for: key) != nil { found += 1 } else { cache.put(Payload(key), for: key) }
    }
    return found
}

func puts(_ cache: NumberCache, _ workload: Workload, _ offset: Int) -> Int {
    let payload = Payload(0)
    workload.forEachKey(from: offset) { cache.put(payload, for: $0) }
    return cache.count
}

func textHits(_ cache: TextCache, _ names: [String], _ workload: Workload, _ offset: Int) -> Int {
    var found = 0
    workload.forEachKey(from: offset) { key in
        if cache.value(for: names[key % Workload.resident]) != nil { found += 1 }
    }
    return found
}

func loadingHits(_ cache: NumberCache, _ workload: Workload) async {
    for key in workload.keys {
        guard (try? await cache.value(for: Int(key) % Workload.resident) { Payload($0) }) != nil else { return }
    }
}

extension Workload {
    /// All keys once, beginning in the middle for a second thread.
    @inline(__always)
    func forEachKey(from offset: Int, _ body: (Int) -> Void) {
        self.keys.withUnsafeBufferPointer { keys in
            for number in 0..<keys.count { body(Int(keys[(number + offset) & (keys.count - 1)])) }
        }
    }
}
