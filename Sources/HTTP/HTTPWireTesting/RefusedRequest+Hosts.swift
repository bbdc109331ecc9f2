import HTTPWire

extension RefusedRequest {
    /// Host: RFC 9112 §3.2.
    static let hosts: [RefusedRequest] = [
        RefusedRequest(
            "an absolute target of another host", .hostMismatch, "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "an absolute target of another port", .hostMismatch, "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("an absolute target and no Host", .missingHost, "GET http://a/ HTTP/1.1\r\n\r\n"),
        RefusedRequest("no Host", .missingHost, "GET / HTTP/1.1\r\n\r\n"),
        RefusedRequest("two Hosts", .duplicateHost, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        RefusedRequest("the same Host twice", .duplicateHost, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        RefusedRequest("Host in other letters twice", .duplicateHost, "GET / HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n"),
        RefusedRequest("two Hosts in HTTP/1.0", .duplicateHost, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
        RefusedRequest("a Host empty", .invalidHost, "GET / HTTP/1.1\r\nHost: \r\n\r\n"),
        RefusedRequest("a Host with a space", .invalidHost, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        RefusedRequest("a Host with a comma", .invalidHost, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"),
        RefusedRequest("a Host that is a list", .invalidHost, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        RefusedRequest("a Host with a path", .invalidHost, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        RefusedRequest("a Host with a query", .invalidHost, "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n"),
        RefusedRequest("a Host with a fragment", .invalidHost, "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n"),
        RefusedRequest("a Host with user information", .invalidHost, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        RefusedRequest("a Host that is a URL", .invalidHost, "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n"),
        RefusedRequest("a Host with a port of letters", .invalidHost, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"),
        RefusedRequest("a Host with too large a port", .invalidHost, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
        RefusedRequest("a Host with a negative port", .invalidHost, "GET / HTTP/1.1\r\nHost: a:-1\r\n\r\n"),
        RefusedRequest("a Host with two ports", .invalidHost, "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n"),
        RefusedRequest("a Host that is only a port", .invalidHost, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"),
        RefusedRequest("a Host with an open bracket", .invalidHost, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        RefusedRequest("a Host of an address without brackets", .invalidHost, "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n"),
        RefusedRequest("a Host of an address with a letter", .invalidHost, "GET / HTTP/1.1\r\nHost: [::g]\r\n\r\n"),
        RefusedRequest("a Host of too short an address", .invalidHost, "GET / HTTP/1.1\r\nHost: [1:2]\r\n\r\n"),
        RefusedRequest("a Host with a tail behind the address", .invalidHost, "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"),
        RefusedRequest("a Host with empty brackets", .invalidHost, "GET / HTTP/1.1\r\nHost: []\r\n\r\n"),
        RefusedRequest("a Host with two gaps", .invalidHost, "GET / HTTP/1.1\r\nHost: [1::2::3]\r\n\r\n"),
        RefusedRequest("a Host with a broken escape", .invalidHost, "GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n"),
        RefusedRequest("a Host with a backslash", .invalidHost, "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n"),
        RefusedRequest("a Host with a quote", .invalidHost, "GET / HTTP/1.1\r\nHost: a\"\r\n\r\n"),
        RefusedRequest("a Host with angle brackets", .invalidHost, "GET / HTTP/1.1\r\nHost: <a>\r\n\r\n"),
        RefusedRequest("a Host with a byte above 127", .invalidHost, "GET / HTTP/1.1\r\nHost: a\u{E4}\r\n\r\n"),
        RefusedRequest("a Host with a tab", .invalidHost, "GET / HTTP/1.1\r\nHost: a\tb\r\n\r\n"),
        RefusedRequest(
            "a Host of 600 bytes", .invalidHost,
            "GET / HTTP/1.1\r\nHost: " + String(repeating: "a", count: 600) + "\r\n\r\n"),
        RefusedRequest(
            "a refused request behind a good one", .missingHost,
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
    ]
}
