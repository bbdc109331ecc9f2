#if PostgreSQL
    import Essentials
    import EventSourcing

    /// The end of the log while a writing transaction holds the log's lock: nobody else moves it.
    ///
    /// Events are placed here and go to the server many at a time, at the latest before anything reads them.
    final class LogTail {
        /// An event with its place, not yet sent.
        struct Placed {
            var event: NewEvent
            var stream: StreamID
            var version: Int64
            var position: Int64
        }

        /// What a unit may have to take back.
        struct Mark {
            fileprivate var head: Position
            fileprivate var unsent: Int
        }

        private(set) var head: Position
        private(set) var unsent: [Placed] = []
        private var versions: [StreamID: StreamVersion] = [:]
        /// Streams that the unit at work has moved, and where they were.
        private var moved: [StreamID: StreamVersion] = [:]

        init(head: Position) { self.head = head }

        func version(of stream: StreamID) -> StreamVersion? { self.versions[stream] }

        /// What the server says about streams that nobody has asked for yet.
        func learn(_ stream: StreamID, _ version: StreamVersion) { self.versions[stream] = version }

        func begin() -> Mark {
            self.moved = [:]
            return Mark(head: self.head, unsent: self.unsent.count)
        }

        func append(_ events: [NewEvent], to stream: StreamID, at version: StreamVersion) -> AppendResult {
            if self.moved[stream] == nil { self.moved[stream] = version }
            var end = AppendResult(version: version, position: self.head)
            for event in events {
                end.version.value += 1
                end.position.value += 1
                self.unsent.append(
                    Placed(event: event, stream: stream, version: end.version.value, position: end.position.value))
            }
            self.head = end.position
            self.versions[stream] = end.version
            return end
        }

        /// Takes back what was appended since `mark`.
        /// - Parameter isSent: whether all before `mark` has been sent, and what came behind it is the server's to take back.
        func rollBack(to mark: Mark, isSent: Bool) {
            self.head = mark.head
            self.unsent.removeSubrange((isSent ? 0 : mark.unsent)...)
            for (stream, version) in self.moved { self.versions[stream] = version }
        }

        /// Those that were appended before `mark`, to be sent now.
        func takeUnsent(before mark: Mark) -> ArraySlice<Placed> {
            let taken = self.unsent.prefix(mark.unsent)
            self.unsent.removeFirst(taken.count)
            return taken
        }

        func takeUnsent() -> ArraySlice<Placed> {
            defer { self.unsent = [] }
            return self.unsent[...]
        }
    }
#endif
