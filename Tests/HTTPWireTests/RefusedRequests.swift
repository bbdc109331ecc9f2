import HTTPWire
import Testing

/// Requests that two parsers might read in two ways, or that no parser should read at all, and the rule that each breaks.
/// Scalars stand for bytes. The last bytes of a case are often more than is needed to refuse it.
struct RefusedRequest: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var code: WireError.Code

    init(_ name: String, _ code: WireError.Code, _ text: String) {
        self.name = name
        self.text = text
        self.code = code
    }

    var testDescription: String { self.name }
}

extension RefusedRequest {
    static let all: [RefusedRequest] = Self.requestLines + Self.fields + Self.hosts + Self.lengths + Self.chunks

    private static let requestLines: [RefusedRequest] = [
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

    private static let fields: [RefusedRequest] = [
        RefusedRequest("a folded value", .obsoleteFold, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
        RefusedRequest("a value folded with a tab", .obsoleteFold, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n"),
        RefusedRequest(
            "a folded Content-Length", .obsoleteFold,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n  2\r\n\r\nabc"),
        RefusedRequest("a space before the colon", .spaceBeforeColon, "GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n"),
        RefusedRequest("a tab before the colon", .spaceBeforeColon, "GET / HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n"),
        RefusedRequest(
            "Transfer-Encoding with a space before the colon", .spaceBeforeColon,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "Content-Length with a space before the colon", .spaceBeforeColon,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nabcde"),
        RefusedRequest("Host with a space before the colon", .spaceBeforeColon, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        RefusedRequest("a line without a colon", .missingColon, "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
        RefusedRequest("an empty name", .emptyFieldName, "GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n"),
        RefusedRequest("a name with a parenthesis", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX(Y: a\r\n\r\n"),
        RefusedRequest("a name with a comma", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX,Y: a\r\n\r\n"),
        RefusedRequest("a name with a slash", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX/Y: a\r\n\r\n"),
        RefusedRequest("a name with an at sign", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX@Y: a\r\n\r\n"),
        RefusedRequest("a name with a bracket", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX[Y: a\r\n\r\n"),
        RefusedRequest("a name with a backslash", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX\\Y: a\r\n\r\n"),
        RefusedRequest("a name with a brace", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX{Y: a\r\n\r\n"),
        RefusedRequest("a name with a quote", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX\"Y: a\r\n\r\n"),
        RefusedRequest("a name with an equals sign", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX=Y: a\r\n\r\n"),
        RefusedRequest("a name with a semicolon", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX;Y: a\r\n\r\n"),
        RefusedRequest("a name with a DEL", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX\u{7F}Y: a\r\n\r\n"),
        RefusedRequest(
            "a name with a byte above 127", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX\u{E4}Y: a\r\n\r\n"),
        RefusedRequest(
            "a name with a control character", .invalidFieldName, "GET / HTTP/1.1\r\nHost: a\r\nX\u{01}Y: a\r\n\r\n"),
        RefusedRequest("a space in a name", .spaceBeforeColon, "GET / HTTP/1.1\r\nHost: a\r\nX Y: a\r\n\r\n"),
        RefusedRequest("a NUL in a name", .nulByte, "GET / HTTP/1.1\r\nHost: a\r\nX\0Y: a\r\n\r\n"),
        RefusedRequest(
            "a vertical tab before Transfer-Encoding", .invalidFieldName,
            "POST / HTTP/1.1\r\nHost: a\r\n\u{0B}Transfer-Encoding: chunked\r\n\r\n"),
        RefusedRequest("a NUL in a value", .nulByte, "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
        RefusedRequest("a bare CR in a value", .bareCarriageReturn, "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
        RefusedRequest("a bare LF in a value", .bareLineFeed, "GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n"),
        RefusedRequest(
            "a second head behind a bare LF", .bareLineFeed,
            "GET / HTTP/1.1\r\nHost: a\r\nX: a\nTransfer-Encoding: chunked\r\n\r\n"),
        RefusedRequest("an empty line of a bare LF", .bareLineFeed, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        RefusedRequest("an empty line of a bare CR", .bareCarriageReturn, "GET / HTTP/1.1\r\nHost: a\r\n\rX"),
        RefusedRequest(
            "two CR at the end of a field", .bareCarriageReturn, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n"),
        RefusedRequest(
            "a value with a DEL", .invalidFieldValue, "GET / HTTP/1.1\r\nHost: a\r\nX: abcdefghij\u{7F}klm\r\n\r\n"),
        RefusedRequest(
            "a value with a backspace", .invalidFieldValue,
            "GET / HTTP/1.1\r\nHost: a\r\nX: abcdefghij\u{08}klm\r\n\r\n"),
        RefusedRequest(
            "a value with a vertical tab", .invalidFieldValue,
            "GET / HTTP/1.1\r\nHost: a\r\nX: abcdefghij\u{0B}klm\r\n\r\n"),
        RefusedRequest(
            "a value with a form feed", .invalidFieldValue,
            "GET / HTTP/1.1\r\nHost: a\r\nX: abcdefghij\u{0C}klm\r\n\r\n"),
        RefusedRequest(
            "a value with an escape character", .invalidFieldValue,
            "GET / HTTP/1.1\r\nHost: a\r\nX: abcdefghij\u{1B}klm\r\n\r\n"),
        RefusedRequest(
            "a value with a unit separator", .invalidFieldValue,
            "GET / HTTP/1.1\r\nHost: a\r\nX: abcdefghij\u{1F}klm\r\n\r\n"),
        RefusedRequest(
            "a field line of 16,385 bytes", .fieldTooLong,
            "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 16_382) + "\r\n\r\n"),
        RefusedRequest(
            "a name of 16,385 bytes", .fieldTooLong,
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X", count: 16_385) + ":\r\n\r\n"),
        RefusedRequest(
            "101 fields", .tooManyFields,
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: a\r\n", count: 100) + "\r\n"),
        RefusedRequest(
            "a head of more than 65,536 bytes", .headTooLarge,
            "GET / HTTP/1.1\r\nHost: a\r\n"
                + String(repeating: "X: " + String(repeating: "a", count: 9_000) + "\r\n", count: 8) + "\r\n"),
        RefusedRequest(
            "Content_Length", .lookalikeField, "POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\nabcde"),
        RefusedRequest(
            "Transfer_Encoding", .lookalikeField, "POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\n\r\n"),
        RefusedRequest(
            "TRANSFER_ENCODING", .lookalikeField, "POST / HTTP/1.1\r\nHost: a\r\nTRANSFER_ENCODING: chunked\r\n\r\n"),
        RefusedRequest(
            "Transfer-Encoding in HTTP/1.0", .transferEncodingNotAllowed,
            "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding behind a vertical tab", .invalidFieldValue,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{0B}chunked\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding before a NUL", .nulByte,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\0\r\n\r\n"),
        RefusedRequest(
            "a Connection with a space", .invalidConnection, "GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n"),
        RefusedRequest(
            "a Connection with a quote", .invalidConnection,
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: \"close\"\r\n\r\n"),
        RefusedRequest(
            "a Connection with seventeen options", .invalidConnection,
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\r\n\r\n"),
        RefusedRequest(
            "an unknown expectation", .unsupportedExpectation,
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\na"),
        RefusedRequest(
            "two expectations", .unsupportedExpectation,
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, 100-continue\r\nContent-Length: 1\r\n\r\na"),
    ]

    private static let hosts: [RefusedRequest] = [
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

    private static let lengths: [RefusedRequest] = [
        RefusedRequest(
            "a folded Transfer-Encoding", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Content-Length empty", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length with a sign", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length negative", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length negative zero", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -0\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length hexadecimal", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length two numbers", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length a list of equal lengths", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,5\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length a list of lengths", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length with a parameter", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5;a=b\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length a fraction", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5.0\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length with an exponent", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1e2\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length with an underscore", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5_0\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length a superscript", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \u{B2}\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length a word", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: five\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length quoted", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \"5\"\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length a list with an empty element", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ,5\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length a list that ends early", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length with a no-break space", .invalidContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\u{A0}\r\n\r\nabcde"),
        RefusedRequest(
            "two Content-Lengths", .duplicateContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
        RefusedRequest(
            "the same Content-Length twice", .duplicateContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde"),
        RefusedRequest(
            "Content-Length in other letters twice", .duplicateContentLength,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nCONTENT-LENGTH: 0\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length of 2^63", .contentTooLarge,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n"),
        RefusedRequest(
            "a Content-Length of 2^64+5", .contentTooLarge,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\nabcde"),
        RefusedRequest(
            "a Content-Length of 40 digits", .contentTooLarge,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999999999999999999999999\r\n\r\n"),
        RefusedRequest(
            "Content-Length and Transfer-Encoding", .lengthAndTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "Transfer-Encoding and Content-Length", .lengthAndTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "Content-Length 0 and Transfer-Encoding", .lengthAndTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "two Transfer-Encodings", .duplicateTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "Transfer-Encoding and identity", .duplicateTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding empty", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding identity", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding only gzip", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding with a parameter", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding with an empty parameter", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding quoted", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding with an empty element", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding with an empty element behind", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding with a space", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding cut in two", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chu nked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding behind a no-break space", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{A0}chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding in brackets", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: [chunked]\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a TRACE with a body", .contentNotAllowed, "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na"),
        RefusedRequest(
            "content that is longer than its length", .nulByte,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\0"),
    ]

    private static let chunks: [RefusedRequest] = [
        RefusedRequest(
            "a Transfer-Encoding xchunked", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding chunkedx", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding chunked twice", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding chunked before gzip", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding chunked before identity", .invalidTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding gzip before chunked", .unsupportedTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a Transfer-Encoding identity before chunked", .unsupportedTransferEncoding,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"),
        RefusedRequest(
            "a chunk size without digits", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"),
        RefusedRequest(
            "a chunk size of a letter", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n"),
        RefusedRequest(
            "a chunk size with 0x", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n"),
        RefusedRequest(
            "a chunk size with a sign", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk size that is negative", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk size behind a space", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n 5\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk size before a space", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nabcde\r\n"),
        RefusedRequest(
            "a chunk size before a tab", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\t\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk size with an underscore", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5_0\r\n"),
        RefusedRequest(
            "a chunk size with a comma", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5,5\r\n"),
        RefusedRequest(
            "a chunk size of 17 digits", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000005\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk size that is quoted", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\"5\"\r\n"),
        RefusedRequest(
            "a chunk size that is only an extension", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n;a\r\n"),
        RefusedRequest(
            "a chunk size of 2^63", .contentTooLarge,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\n"),
        RefusedRequest(
            "a chunk size of 2^64-1", .contentTooLarge,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
        RefusedRequest(
            "a chunk size before a bare LF", .bareLineFeed,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nabcde\r\n"),
        RefusedRequest(
            "a chunk size before a bare CR", .bareCarriageReturn,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\rabcde\r\n"),
        RefusedRequest(
            "a chunk size before two CR", .bareCarriageReturn,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\r\nabcde\r\n"),
        RefusedRequest(
            "a NUL behind a chunk size", .nulByte,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\0\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk longer than its size", .invalidChunkEnd,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n0\r\n\r\n"),
        RefusedRequest(
            "a chunk shorter than its size", .invalidChunkEnd,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nabcde\r\n0\r\n\r\n"),
        RefusedRequest(
            "a chunk that ends with a bare LF", .invalidChunkEnd,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\n0\r\n\r\n"),
        RefusedRequest(
            "a chunk that ends with a bare CR", .invalidChunkEnd,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r0\r\n\r\n"),
        RefusedRequest(
            "a chunk that nothing ends", .invalidChunkEnd,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde0\r\n\r\n"),
        RefusedRequest(
            "a chunk extension before a bare LF", .bareLineFeed,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a\nabcde\r\n0\r\n\r\n"),
        RefusedRequest(
            "a chunk extension before a bare CR", .bareCarriageReturn,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a\rX"),
        RefusedRequest(
            "a chunk extension without a name", .bareCarriageReturn,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk extension without a value", .bareCarriageReturn,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk extension with an open quote", .bareCarriageReturn,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk extension with a NUL", .nulByte,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"\0\"\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk extension with two values", .invalidChunkExtension,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b=c\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk extension with a slash", .invalidChunkExtension,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a/b\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk extension behind a space", .invalidChunkSize,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 ;a\r\nabcde\r\n"),
        RefusedRequest(
            "a chunk extension of 5,000 bytes", .chunkExtensionsTooLong,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;" + String(repeating: "a", count: 5_000)
                + "\r\nabcde\r\n"),
        RefusedRequest(
            "chunk extensions of 5,000 bytes in all", .chunkExtensionsTooLong,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + String(repeating: "1;aaaa\r\na\r\n", count: 1_000)),
        RefusedRequest(
            "the trailer Content-Length", .forbiddenTrailer,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n"),
        RefusedRequest(
            "the trailer Transfer-Encoding", .forbiddenTrailer,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        RefusedRequest(
            "the trailer Host", .forbiddenTrailer,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\n\r\n"),
        RefusedRequest(
            "the trailer Authorization", .forbiddenTrailer,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: x\r\n\r\n"),
        RefusedRequest(
            "the trailer Connection", .forbiddenTrailer,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nConnection: close\r\n\r\n"),
        RefusedRequest(
            "the trailer Trailer", .forbiddenTrailer,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n"),
        RefusedRequest(
            "the trailer Set-Cookie", .forbiddenTrailer,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSet-Cookie: a=b\r\n\r\n"),
        RefusedRequest(
            "the trailer X-Forwarded-For", .forbiddenTrailer,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n"),
        RefusedRequest(
            "the trailer Content-Type", .forbiddenTrailer,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Type: text/html\r\n\r\n"),
        RefusedRequest(
            "the trailer TE", .forbiddenTrailer,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTE: trailers\r\n\r\n"),
        RefusedRequest(
            "a folded trailer", .obsoleteFold,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: a\r\n b\r\n\r\n"),
        RefusedRequest(
            "a trailer without a colon", .spaceBeforeColon,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nGET / HTTP/1.1\r\n\r\n"),
        RefusedRequest(
            "a trailer with a bare LF", .bareLineFeed,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: a\n\r\n"),
        RefusedRequest(
            "a trailer section that ends with a bare LF", .bareLineFeed,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\n"),
        RefusedRequest(
            "a trailer section of 9,000 bytes", .trailersTooLarge,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                + String(repeating: "X: " + String(repeating: "a", count: 95) + "\r\n", count: 90)),
    ]
}
