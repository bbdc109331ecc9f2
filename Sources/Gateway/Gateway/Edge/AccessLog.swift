public import Essentials
import GatewayCore
import HTTPTransport
import HTTPWire
import Synchronization

/// One line for each request that has ended, written off the event loops in batches.
///
/// Memory is bounded: lines that come while ``Configuration/capacity`` bytes wait are dropped and counted.
public final class AccessLog: Sendable {
    public enum Format: String, Hashable, Sendable, CaseIterable {
        /// One JSON object a line.
        case json
        /// The Common Log Format of NCSA and Apache.
        case common
    }

    public struct Configuration: Sendable {
        /// Default: json.
        public var format = Format.json
        /// Bytes of lines that may wait. Default: 4 MiB.
        public var capacity = ByteCount.mebibytes(4)
        /// How long lines are gathered before they are written. Default: 100 ms.
        public var interval = Duration.milliseconds(100)

        public init() {}
    }

    private struct State {
        var lines: [UInt8] = []
        /// Emptied memory, for the next lines.
        var spare: [UInt8] = []
        var dropped = 0
    }

    private let configuration: Configuration
    private let state = Mutex(State())
    private let executor: any BlockingExecutor
    private let sink: @Sendable ([UInt8]) -> Void

    /// - Parameters:
    ///   - executor: where `sink` is called, one batch after another.
    ///   - sink: writes whole lines; may block.
    public init(
        _ configuration: Configuration = Configuration(), on executor: any BlockingExecutor,
        sink: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.configuration = configuration
        self.executor = executor
        self.sink = sink
    }

    /// Lines that were lost because too many waited.
    public var dropped: Int { self.state.withLock(\.dropped) }

    /// Writes what waits, on the caller's thread.
    public func flush() {
        var lines = self.state.withLock { state in
            let lines = state.lines
            state.lines = state.spare
            state.spare = []
            return lines
        }
        guard !lines.isEmpty else { return }
        self.sink(lines)
        lines.removeAll(keepingCapacity: true)
        self.state.withLock { $0.spare = lines }
    }

    /// Remembers method and target until the request has ended.
    static func append(_ head: borrowing RequestHead, _ bytes: RawSpan, to line: inout [UInt8]) {
        let (method, target) = (head.methodName, head.target)
        bytes.withUnsafeBytes { all in
            line.append(contentsOf: all[method.start..<method.end])
            line.append(UInt8(ascii: " "))
            line.append(contentsOf: all[target.start..<target.end])
        }
    }

    func write(_ state: ExchangeState, _ moment: [UInt8], _ exchange: ProxyExchange, _ report: ProxyReport) {
        let isFirst = self.state.withLock { waiting in
            guard waiting.lines.count < self.configuration.capacity.bytes else {
                waiting.dropped += 1
                return false
            }
            let isFirst = waiting.lines.isEmpty
            var line = LogLine(waiting.lines)
            waiting.lines = []
            switch self.configuration.format {
            case .json: line.json(state, moment, exchange, report)
            case .common: line.common(state, exchange, report)
            }
            waiting.lines = line.bytes
            return isFirst
        }
        if isFirst { self.executor.submit(after: self.configuration.interval) { self.flush() } }
    }
}

/// Appends a line to others.
private struct LogLine {
    var bytes: [UInt8]

    init(_ bytes: consuming [UInt8]) {
        self.bytes = bytes
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ number: Int64) {
        var digits: InlineArray<20, UInt8> = InlineArray(repeating: 0)
        var (first, rest) = (digits.count, UInt64(Swift.max(0, number)))
        repeat {
            first &-= 1
            digits[first] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        self.append(digits.span.extracting(droppingFirst: first))
    }

    /// One append for all of them: an array checks its owner and its room each time.
    private mutating func append(_ digits: Span<UInt8>) {
        digits.withUnsafeBufferPointer { self.bytes.append(contentsOf: $0) }
    }

    private mutating func append(microseconds duration: Duration) { self.append(duration.nanoseconds / 1_000) }

    mutating func json(_ state: ExchangeState, _ moment: [UInt8], _ exchange: ProxyExchange, _ report: ProxyReport) {
        self.append("{\"time\":\"")
        self.bytes.append(contentsOf: moment)
        self.append("\",\"request\":\"")
        self.append(state.id)
        self.append("\",\"trace\":\"")
        self.append(hexadecimal: state.trace.trace.high)
        self.append(hexadecimal: state.trace.trace.low)
        self.append("\",\"client\":\"")
        self.bytes.append(contentsOf: exchange.peer)
        self.append("\",\"line\":\"")
        // Neither methods nor targets can have a quotation mark or a backslash.
        self.bytes.append(contentsOf: state.line)
        self.append("\",\"status\":")
        self.append(Int64(report.status))
        self.append(",\"ending\":\"")
        self.bytes.append(contentsOf: report.ending.name.utf8)
        self.append("\",\"received\":")
        self.append(report.received)
        self.append(",\"sent\":")
        self.append(report.sent)
        self.append(",\"microseconds\":")
        self.append(microseconds: report.ended - report.began)
        if let endpoint = report.endpoint {
            self.append(",\"upstream\":\"")
            self.bytes.append(contentsOf: endpoint.address.utf8)
            self.append(":")
            self.append(Int64(endpoint.port))
            self.append("\",\"attempts\":")
            self.append(Int64(report.attempts))
            if let answered = report.answered {
                self.append(",\"answered\":")
                self.append(microseconds: answered - report.began)
            }
        }
        self.append("}\n")
    }

    mutating func common(_ state: ExchangeState, _ exchange: ProxyExchange, _ report: ProxyReport) {
        self.bytes.append(contentsOf: exchange.peer)
        self.append(" - - [")
        self.bytes.append(contentsOf: Self.commonDate(state.moment).utf8)
        self.append("] \"")
        self.bytes.append(contentsOf: state.line)
        self.append(" HTTP/1.1\" ")
        self.append(Int64(report.status))
        self.append(" ")
        self.append(report.sent)
        self.append("\n")
    }

    private mutating func append(_ id: UniqueID) {
        self.append(hexadecimal: id.high >> 32, digits: 8)
        self.append("-")
        self.append(hexadecimal: id.high >> 16, digits: 4)
        self.append("-")
        self.append(hexadecimal: id.high, digits: 4)
        self.append("-")
        self.append(hexadecimal: id.low >> 48, digits: 4)
        self.append("-")
        self.append(hexadecimal: id.low, digits: 12)
    }

    private mutating func append(hexadecimal value: UInt64, digits count: Int = 16) {
        var digits: InlineArray<16, UInt8> = InlineArray(repeating: 0)
        var rest = value
        for index in stride(from: count - 1, through: 0, by: -1) {
            let digit = UInt8(truncatingIfNeeded: rest) & 0xF
            digits[index] = digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
            rest >>= 4
        }
        self.append(digits.span.extracting(first: count))
    }

    /// `10/Oct/2000:13:55:36 +0000`
    private static func commonDate(_ moment: Timestamp) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = moment.rfc3339.split { !$0.isNumber }
        let month = Int(parts[1]).map { months[$0 - 1] } ?? "???"
        return "\(parts[2])/\(month)/\(parts[0]):\(parts[3]):\(parts[4]):\(parts[5]) +0000"
    }
}

extension ProxyReport.Ending {
    fileprivate var name: String {
        switch self {
        case .forwarded: "forwarded"
        case .answered: "answered"
        case .problem(let problem): problem.code
        case .upstreamBroke: "upstream-broke"
        case .clientLeft: "client-left"
        case .tunnel: "tunnel"
        }
    }
}
