/// Something that wants to be told when a moment has come.
public protocol Alarm: AnyObject, Sendable {
    /// The moment has come. Called at most once, outside all locks; it must be quick, because other alarms wait.
    func ring()
}

/// One alarm that has been set. It means something only to the ``AlarmClock`` that gave it.
public struct AlarmID: Hashable, Sendable {
    public var rawValue: UInt64

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// Rings alarms at their ticks, without a task for each.
///
/// ``TimeSource`` has one made of its own `sleepUntil`; a virtual clock conforms to be exact.
public protocol AlarmClock: Sendable {
    /// Rings `alarm` at or after `tick`; at once, perhaps before this returns, when that has passed.
    func set(_ alarm: any Alarm, at tick: Tick) -> AlarmID

    /// Forgets the alarm. One that has rung, or is ringing, is no longer known; that is no mistake.
    func clear(_ id: AlarmID)
}
