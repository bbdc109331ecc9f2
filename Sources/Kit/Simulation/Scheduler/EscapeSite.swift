import CSimulation

/// Who called the runtime when a job got away: the frames nearest to it that are the program's own.
enum EscapeSite {
    /// - Complexity: reads the program's symbol table for each frame.
    static func frames(of job: UnownedJob) -> [String] {
        let own = simulation_job_function(unsafeBitCast(job, to: UnsafeMutableRawPointer.self))
        let next = simulation_symbol(own).map { [self.demangled(String(cString: $0))] } ?? []
        return next + self.stack()
    }

    private static func stack() -> [String] {
        var addresses = [UnsafeMutableRawPointer?](repeating: nil, count: 48)
        let count = Int(simulation_callers(&addresses, Int32(addresses.count)))
        let names = addresses.prefix(count).compactMap { address in
            simulation_symbol(address).map { self.demangled(String(cString: $0)) }
        }
        return Array(names.drop(while: self.isPlumbing).prefix { !$0.contains("runSynchronously") }.prefix(3))
    }

    /// The frames between the runtime's hook and this file.
    private static func isPlumbing(_ name: String) -> Bool {
        ["EscapeSite", "Scheduler.", "Tripwire", "Incarnation"].contains(where: name.contains)
            || ["taken", "on_global", "on_main", "on_delayed", "on_at", "simulation_callers"].contains(name)
    }

    private static func demangled(_ name: String) -> String {
        guard name.hasPrefix("$s"), let text = demangle(name, name.utf8.count, nil, nil, 0) else { return name }
        defer { text.deallocate() }
        return String(cString: text)
    }
}

/// Of the standard library.
@_silgen_name("swift_demangle")
private func demangle(
    _ name: UnsafePointer<CChar>, _ length: Int, _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: UnsafeMutablePointer<Int>?, _ flags: UInt32,
) -> UnsafeMutablePointer<CChar>?
