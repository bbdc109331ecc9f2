public import StorageSQLite

extension SQLiteStore.Configuration {
    /// The default settings for a file on `disk`. Nobody waits for a lock: on one thread the holder could never let go.
    public init(on disk: SimulatedDisk) {
        self.init()
        self.fileSystem = disk
        self.busyTimeout = .zero
    }
}
