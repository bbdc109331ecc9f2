import HTTPWire

extension RefusedRequest {
    /// Chunks, their extensions and trailers: RFC 9112 §7.1.
    static let chunks: [RefusedRequest] = [
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
