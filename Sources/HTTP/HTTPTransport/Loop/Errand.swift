#if os(Linux)
    import Synchronization

    /// Something that an exchange waits for, done off the loop. It can be called off at any moment.
    final class Errand: Sendable {
        enum Finding: Sendable {
            case found(any Sendable)
            case answered(ProxyAnswer)
        }

        private struct State {
            var isOver = false
            var watcher: CheckedContinuation<Void, Never>?
        }

        private let client: UInt64
        private let number: UInt64
        private let control: LoopControl
        private let operation: @Sendable () async -> Finding
        private let state = Mutex(State())

        /// - Parameters:
        ///   - client: the name of the client in the loop of `control`.
        ///   - number: of this errand among those of the client.
        init(
            for client: UInt64, _ number: UInt64, _ control: LoopControl,
            _ operation: @escaping @Sendable () async -> Finding
        ) {
            self.client = client
            self.number = number
            self.control = control
            self.operation = operation
        }

        /// Runs it and brings what was found back to the loop, unless it is called off before.
        func run() async {
            let finding = await withTaskGroup(of: Finding?.self) { group in
                group.addTask { await self.operation() }
                group.addTask {
                    await self.untilOver()
                    return nil
                }
                let first = await group.next() ?? nil
                group.cancelAll()
                return first
            }
            guard let finding else { return }
            self.control.order {
                $0.returns.append(.init(client: self.client, errand: self.number, finding: finding))
            }
        }

        /// Nobody wants to know any more.
        func cancel() {
            let watcher = self.state.withLock { state in
                state.isOver = true
                defer { state.watcher = nil }
                return state.watcher
            }
            watcher?.resume()
        }

        private func untilOver() async {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isOver = self.state.withLock { state in
                        if !state.isOver { state.watcher = continuation }
                        return state.isOver
                    }
                    if isOver { continuation.resume() }
                }
            } onCancel: {
                self.cancel()
            }
        }
    }
#endif
