/// Which of the jobs that are ready runs next.
public enum Scheduling: Hashable, Sendable {
    /// The one that became ready first.
    case firstInFirstOut
    /// Any of them, with the same chance.
    case random
    /// Mostly one of the process with the highest priority, so that some processes run far ahead of others; priorities are
    /// drawn, and one of them is drawn anew about every `changeEvery` steps. After probabilistic concurrency testing
    /// (Burckhardt and others, 2010), with processes in the place of threads.
    case prioritised(changeEvery: Int)
}
