import Essentials
import Synchronization

extension Scheduler {
    /// After the run has been judged and its digest sealed: cancels what still runs and lets the dead and the living end, so
    /// that their memory comes back. Nothing of it counts any more. Whatever does not end within the budget is leaked.
    func unwind(maximumSteps: Int) {
        let tasks = self.state.withLock { state in
            state.phase = .unwinding
            for entry in state.timers.removeAll(where: { _ in true }) { state.abandon(entry.payload, id: entry.id) }
            state.ready += state.parked + state.graveyard
            state.parked = []
            state.graveyard = []
            return state.tasks.sorted { $0.key < $1.key }.map(\.value.task)
        }
        for task in tasks { task.cancel() }
        for _ in 0..<maximumSteps {
            let batch = self.state.withLock { state in
                defer { state.ready = [] }
                return state.ready
            }
            guard !batch.isEmpty else { break }
            for ready in batch { self.perform(ready) }
        }
        self.state.withLock { state in
            state.phase = .over
            state.ready = []
            state.leakedTasks = state.tasks.count
            state.tasks = [:]
        }
    }
}
