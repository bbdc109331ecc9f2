import HTTPWire

extension RefusedRequest {
    /// Methods, targets and versions: RFC 9112 §3.
    static let requestLines: [RefusedRequest] = [
        RefusedRequest("the method is missing", .invalidMethod, " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a tab before the method", .invalidMethod, "\tGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a method with a bracket", .invalidMethod, "G[T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a method with a colon", .invalidMethod, "GET: / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a method with a byte above 127", .invalidMethod, "G\u{E9}T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a method with a quote", .invalidMethod, "\"GET\" / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a NUL in the method", .nulByte, "G\0T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "a method of 33 bytes", .methodTooLong, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a tab behind the method", .invalidMethod, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("two spaces behind the method", .invalidTarget, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("only a method", .bareCarriageReturn, "GET\r\nHost: a\r\n\r\n"),
        RefusedRequest("a TLS hello", .invalidMethod, "\u{16}\u{03}\u{01}\u{02}\0\u{01}"),
        RefusedRequest("the HTTP/2 preface", .targetFormNotAllowed, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        RefusedRequest("two spaces behind the target", .invalidVersion, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a tab behind the target", .invalidTarget, "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a space in the target", .invalidVersion, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a fragment", .fragmentInTarget, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a backslash", .invalidTarget, "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a quote", .invalidTarget, "GET /a\"b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with an angle bracket", .invalidTarget, "GET /a<b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a closing angle bracket", .invalidTarget, "GET /a>b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a circumflex", .invalidTarget, "GET /a^b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a backtick", .invalidTarget, "GET /a`b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a brace", .invalidTarget, "GET /a{b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a closing brace", .invalidTarget, "GET /a}b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a bar", .invalidTarget, "GET /a|b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a DEL", .invalidTarget, "GET /a\u{7F}b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a byte above 127", .invalidTarget, "GET /a\u{80}b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "a target with an escape character", .invalidTarget, "GET /a\u{1B}b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target with a vertical tab", .invalidTarget, "GET /a\u{0B}b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a NUL in the target", .nulByte, "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a LF in the target", .bareLineFeed, "GET /a\nb HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("an escape of one digit", .invalidEscape, "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("an escape without digits", .invalidEscape, "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("an escape with one wrong digit", .invalidEscape, "GET /%4g HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "an escape in the query that is cut off", .invalidEscape, "GET /?a=% HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "a target of 8,193 bytes", .targetTooLong,
            "GET /" + String(repeating: "a", count: 8_192) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a target without a slash", .targetFormNotAllowed, "GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "a target that begins with a query", .targetFormNotAllowed, "GET ?a HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("an asterisk for GET", .targetFormNotAllowed, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("an asterisk and more", .targetFormNotAllowed, "OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("an asterisk with a query", .targetFormNotAllowed, "OPTIONS *?a HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("an authority for GET", .targetFormNotAllowed, "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("CONNECT", .methodNotImplemented, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
        RefusedRequest(
            "an absolute target of another scheme", .targetFormNotAllowed, "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "an absolute target for a file", .targetFormNotAllowed, "GET file:///etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n"
        ),
        RefusedRequest(
            "an absolute target without a host", .invalidTarget, "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "an absolute target with one slash", .targetFormNotAllowed, "GET http:/a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "an absolute target with user information", .invalidTarget, "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "an absolute target with a port that is none", .invalidTarget, "GET http://a:x/ HTTP/1.1\r\nHost: a\r\n\r\n"
        ),
        RefusedRequest("HTTP/0.9", .missingVersion, "GET /\r\n"),
        RefusedRequest("a space and no version", .missingVersion, "GET / \r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/2.0'", .unsupportedVersion, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/0.9'", .unsupportedVersion, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/3.1'", .unsupportedVersion, "GET / HTTP/3.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'http/1.1'", .invalidVersion, "GET / http/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/1'", .bareCarriageReturn, "GET / HTTP/1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/1.'", .bareCarriageReturn, "GET / HTTP/1.\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/1.10'", .invalidVersion, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/11.1'", .invalidVersion, "GET / HTTP/11.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/01.1'", .invalidVersion, "GET / HTTP/01.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/1,1'", .invalidVersion, "GET / HTTP/1,1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP 1.1'", .invalidVersion, "GET / HTTP 1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/+1.1'", .invalidVersion, "GET / HTTP/+1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/1.x'", .invalidVersion, "GET / HTTP/1.x\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTPS/1.1'", .invalidVersion, "GET / HTTPS/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'ICY/1.1'", .invalidVersion, "GET / ICY/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/1.1 '", .invalidVersion, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'HTTP/1.1TAB'", .invalidVersion, "GET / HTTP/1.1\t\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "the version 'HTTP/1.1 HTTP/1.1'", .invalidVersion, "GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("the version 'TABHTTP/1.1'", .invalidVersion, "GET / \tHTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a bare LF behind the request line", .bareLineFeed, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        RefusedRequest("a bare CR behind the request line", .bareCarriageReturn, "GET / HTTP/1.1\rHost: a\r\n\r\n"),
        RefusedRequest("two CR behind the request line", .bareCarriageReturn, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        RefusedRequest("a bare LF first", .bareLineFeed, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("a bare CR first", .bareCarriageReturn, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest("two empty lines first", .leadingEmptyLines, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        RefusedRequest(
            "a space before the first field", .whitespaceBeforeFirstField, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        RefusedRequest(
            "a tab before the first field", .whitespaceBeforeFirstField, "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"),
    ]
}
