import HTTPWire

extension RefusedRequest {
    /// Field lines: RFC 9112 §5.
    static let fields: [RefusedRequest] = [
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
}
