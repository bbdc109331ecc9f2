import Essentials
import Synchronization

/// Turns an injected fault on and off, and says how often it strikes. Shared by whoever steers it and the layer that
/// asks it on each call; it may be turned while calls run.
public final class ChaosSwitch: Sendable {
    /// How often, and for whom.
    public struct Setting: Sendable {
        /// The share of calls that are hit. In 0...1. Default: 0.001.
        public var injectionRate: Double
        /// Whether anything is injected at all. Default: true.
        public var isEnabled: Bool
        /// Whether this call may be hit: look at its pipeline, its attempt. Default: every call.
        public var predicate: @Sendable (Call) -> Bool

        public init(
            injectionRate: Double = 0.001, isEnabled: Bool = true,
            predicate: @escaping @Sendable (Call) -> Bool = { _ in true }
        ) {
            precondition((0...1).contains(injectionRate), "an injection rate lies in 0...1, not \(injectionRate)")
            self.injectionRate = injectionRate
            self.isEnabled = isEnabled
            self.predicate = predicate
        }

        /// Nothing is injected.
        public static var off: Setting { Setting(injectionRate: 0, isEnabled: false) }
        /// Every call is hit.
        public static var always: Setting { Setting(injectionRate: 1) }
    }

    /// What happened so far.
    public struct Snapshot: Hashable, Sendable {
        public var calls = 0
        public var injected = 0
    }

    private let state: Mutex<(setting: Setting, snapshot: Snapshot)>

    /// - Parameter setting: how often it strikes, until it is set again.
    public init(_ setting: Setting = .off) {
        self.state = Mutex((setting, Snapshot()))
    }

    public var setting: Setting {
        get { self.state.withLock { $0.setting } }
        set { self.state.withLock { $0.setting = newValue } }
    }

    public var snapshot: Snapshot { self.state.withLock { $0.snapshot } }

    /// Whether this call is hit; draws from the call's chance only when something may be injected.
    func strikes(_ call: Call) -> Bool {
        let setting = self.setting
        let isHit =
            setting.isEnabled && setting.injectionRate > 0 && setting.predicate(call)
            && call.chance.fraction() < setting.injectionRate
        self.state.withLock { state in
            state.snapshot.calls += 1
            if isHit { state.snapshot.injected += 1 }
        }
        return isHit
    }
}
