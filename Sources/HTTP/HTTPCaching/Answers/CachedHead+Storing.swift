public import Essentials
import HTTPWire

extension CachedHead {
    /// Whether a shared cache may keep the answer to a request (RFC 9111 §3), and has anything from it.
    public func mayBeStored(for request: CacheRequest) -> Bool {
        guard request.method == .get, !request.directives.noStore, self.status >= 200, self.status != 206,
            self.status != 304, !self.varies.isUnmatchable
        else { return false }
        if self.directives.mustUnderstand {
            guard Self.understood.contains(self.status) else { return false }
        } else if self.directives.noStore {
            return false
        }
        if self.directives.isPrivate == .whole { return false }
        if request.hasAuthorization, !self.allowsAuthorization { return false }
        return self.isUseful
    }

    /// RFC 9111 §3.5.
    private var allowsAuthorization: Bool {
        self.directives.isPublic || self.directives.mustRevalidate || self.directives.sharedMaxAge != nil
    }

    /// Whether it can ever be used again: fresh, or to be validated.
    private var isUseful: Bool { self.lifetime > 0 || self.hasValidator }

    /// Whether it will answer others without asking the origin, at least once.
    public func isReusable(at now: Timestamp) -> Bool {
        self.remaining(at: now) > 0 && self.directives.noCache != .whole
    }

    /// Final statuses whose meaning for caches is known (RFC 9110 §15).
    private static let understood: Set<Int> = [
        200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410,
        411,
        412, 413, 414, 415, 417, 421, 422, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 511,
    ]
}
