/// Why a message was refused, and where.
///
/// A refused message ends its connection: what follows cannot be told apart safely.
public struct WireError: Error, Hashable, Sendable {
    /// The rule that was broken.
    public var code: Code
    /// The offset of the first byte that broke it, in the bytes that the parser was given.
    public var offset: Int

    public init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// The rules, each with the section that it comes from.
    @nonexhaustive
    public enum Code: String, Hashable, Sendable, CaseIterable {
        // Lines: RFC 9112 §2.2
        /// A CR that no LF follows.
        case bareCarriageReturn = "bare-cr"
        /// An LF that no CR precedes.
        case bareLineFeed = "bare-lf"
        /// A NUL byte in a head.
        case nulByte = "nul-byte"
        /// More than one empty line before the request line.
        case leadingEmptyLines = "leading-empty-lines"

        // Request line: RFC 9112 §3
        case invalidMethod = "invalid-method"
        case methodTooLong = "method-too-long"
        case methodNotImplemented = "method-not-implemented"
        case invalidTarget = "invalid-target"
        case invalidEscape = "invalid-escape"
        case fragmentInTarget = "fragment-in-target"
        case targetTooLong = "target-too-long"
        case targetFormNotAllowed = "target-form-not-allowed"
        case missingVersion = "missing-version"
        case invalidVersion = "invalid-version"
        case unsupportedVersion = "unsupported-version"

        // Status line: RFC 9112 §4
        case invalidStatusLine = "invalid-status-line"
        case invalidStatus = "invalid-status"

        // Fields: RFC 9112 §5, RFC 9110 §5
        case whitespaceBeforeFirstField = "whitespace-before-first-field"
        case obsoleteFold = "obsolete-fold"
        case emptyFieldName = "empty-field-name"
        case invalidFieldName = "invalid-field-name"
        case spaceBeforeColon = "space-before-colon"
        case missingColon = "missing-colon"
        case invalidFieldValue = "invalid-field-value"
        case fieldTooLong = "field-too-long"
        case tooManyFields = "too-many-fields"
        case headTooLarge = "head-too-large"
        /// A name such as `Content_Length`, which some software reads as `Content-Length`.
        case lookalikeField = "lookalike-field"
        case invalidConnection = "invalid-connection"
        case unsupportedExpectation = "unsupported-expectation"

        // Host: RFC 9112 §3.2
        case missingHost = "missing-host"
        case duplicateHost = "duplicate-host"
        case invalidHost = "invalid-host"
        /// The authority of an absolute target is not that of `Host`.
        case hostMismatch = "host-mismatch"

        // Framing: RFC 9112 §6
        case invalidContentLength = "invalid-content-length"
        case duplicateContentLength = "duplicate-content-length"
        case contentTooLarge = "content-too-large"
        case lengthAndTransferEncoding = "length-and-transfer-encoding"
        case duplicateTransferEncoding = "duplicate-transfer-encoding"
        case invalidTransferEncoding = "invalid-transfer-encoding"
        case unsupportedTransferEncoding = "unsupported-transfer-encoding"
        /// `Transfer-Encoding` in HTTP/1.0, or in an answer that has no body.
        case transferEncodingNotAllowed = "transfer-encoding-not-allowed"
        /// A body where the method has none.
        case contentNotAllowed = "content-not-allowed"

        // Chunks: RFC 9112 §7
        case invalidChunkSize = "invalid-chunk-size"
        case invalidChunkExtension = "invalid-chunk-extension"
        case chunkExtensionsTooLong = "chunk-extensions-too-long"
        case invalidChunkEnd = "invalid-chunk-end"
        /// A trailer field that would change the framing, the routing or the identity of the message.
        case forbiddenTrailer = "forbidden-trailer"
        case trailersTooLarge = "trailers-too-large"
        /// The connection ended inside the message.
        case truncated = "truncated"
    }
}

extension WireError.Code {
    /// The status that an HTTP edge answers with before it closes the connection.
    public var status: Int {
        switch self {
        case .contentTooLarge: 413
        case .targetTooLong: 414
        case .unsupportedExpectation: 417
        case .fieldTooLong, .tooManyFields, .headTooLarge, .trailersTooLarge: 431
        case .methodTooLong, .methodNotImplemented, .unsupportedTransferEncoding: 501
        case .unsupportedVersion: 505
        case .bareCarriageReturn, .bareLineFeed, .nulByte, .leadingEmptyLines, .invalidMethod, .invalidTarget,
            .invalidEscape, .fragmentInTarget, .targetFormNotAllowed, .missingVersion, .invalidVersion,
            .invalidStatusLine, .invalidStatus, .whitespaceBeforeFirstField, .obsoleteFold, .emptyFieldName,
            .invalidFieldName, .spaceBeforeColon, .missingColon, .invalidFieldValue, .lookalikeField,
            .invalidConnection, .missingHost, .duplicateHost, .invalidHost, .hostMismatch, .invalidContentLength,
            .duplicateContentLength, .lengthAndTransferEncoding, .duplicateTransferEncoding,
            .invalidTransferEncoding, .transferEncodingNotAllowed, .contentNotAllowed, .invalidChunkSize,
            .invalidChunkExtension, .chunkExtensionsTooLong, .invalidChunkEnd, .forbiddenTrailer, .truncated:
            400
        }
    }
}

extension WireError: CustomStringConvertible {
    public var description: String { "\(self.code.rawValue) at byte \(self.offset)" }
}
