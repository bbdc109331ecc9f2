// What reading and forwarding one request head costs, on a head of about 400 bytes as a browser sends it.
import Glibc
import HTTPWire

let text = """
    GET /v1/orders/018f3c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f?expand=items HTTP/1.1\r
    Host: shop.example.com\r
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r
    Accept-Language: en-US,en;q=0.5\r
    Accept-Encoding: gzip, deflate, br\r
    Connection: keep-alive\r
    Cookie: session=4f8c1d2e3b5a69788796a5b4c3d2e1f0\r
    Cache-Control: max-age=0\r
    \r

    """

/// One connection's parser and buffer, as an event loop holds them.
final class Bench {
    let bytes = Array(text.utf8)
    var parser = RequestParser()
    var output = WireBuffer(WirePool())

    func parse() -> Int {
        self.parser.reset()
        let bytes = self.bytes
        do throws(WireError) { return try self.parser.parse(bytes.span.bytes) ? 1 : 0 } catch { return 0 }
    }

    func forward() -> Int {
        let bytes = self.bytes
        let end = self.parser.head.byteCount - 2
        self.output.removeAll()
        self.output.appendRequestLine(self.parser.head, bytes.span.bytes)
        self.output.appendFields(self.parser.head.fields, bytes.span.bytes, end: end, without: .connectionOnly)
        self.output.append("\r\n")
        return self.output.count
    }
}

/// User time of this process, in nanoseconds.
func cpuTime() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_utime.tv_sec * 1_000_000_000 + usage.ru_utime.tv_usec * 1_000
}

func median(_ rounds: Int, _ body: () -> Int) -> Double {
    var samples: [Double] = []
    for _ in 0..<5 {
        var sum = 0
        let start = cpuTime()
        for _ in 0..<rounds { sum += body() }
        samples.append(Double(cpuTime() - start) / Double(rounds))
        precondition(sum >= rounds, "the head was refused")
    }
    return samples.sorted()[2]
}

func run() {
    let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 1 : 400_000
    let bench = Bench()
    let parsing = median(rounds) { bench.parse() }
    let forwarding = median(rounds) { bench.forward() }
    print("wire head_bytes=\(bench.bytes.count) parse_ns=\(Int(parsing)) forward_ns=\(Int(forwarding))")
}

run()
