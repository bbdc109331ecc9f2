import HTTPWire

extension RefusedRequest {
    /// Framing: RFC 9112 §6.
    static let lengths: [RefusedRequest] = [
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
}
