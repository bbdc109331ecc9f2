/// Who called the runtime when a job got away.
enum EscapeSite {
    static func frames() -> [String] { [] }
}
