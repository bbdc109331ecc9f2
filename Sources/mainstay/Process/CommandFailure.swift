/// Why a command ended, with the exit code that says so.
struct CommandFailure: Error {
    var exitCode: Int32
    var message: String

    /// The thing asked about is false.
    static func isFalse(_ message: String) -> CommandFailure { CommandFailure(exitCode: 1, message: message) }
    /// The command line makes no sense.
    static func usage(_ message: String) -> CommandFailure { CommandFailure(exitCode: 2, message: message) }
    /// A file, a variable, a port, a directory.
    static func environment(_ message: String) -> CommandFailure { CommandFailure(exitCode: 3, message: message) }
}
