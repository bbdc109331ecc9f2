import Essentials

extension TokenClaims {
    /// The claims in a payload. Members that are not listed in ``TokenClaims`` are left alone.
    /// - Throws: `malformedJSON`, `missingClaim`, `malformedClaim`.
    init(parsing payload: [UInt8]) throws(JOSEError) {
        let reader = ClaimReader(
            object: try StrictJSON.object(in: payload, what: "payload", limit: CompactJWS.maximumBytes))
        self.init(
            issuer: try reader.required("iss", reader.text("iss")),
            subject: try reader.required("sub", reader.text("sub")),
            audience: try reader.required("aud", reader.textOrTexts("aud")),
            expiresAt: try reader.required("exp", reader.date("exp")),
            notBefore: try reader.date("nbf"), issuedAt: try reader.date("iat"), tokenID: try reader.text("jti"),
            userID: try reader.text("userId"), email: try reader.text("email"), role: try reader.role("role"),
            scopes: try reader.text("scope")?.split(separator: " ").map(String.init) ?? [],
            clientID: try reader.text("client_id"))
        if self.role != .service, let userID, !userID.hasSameBytes(as: self.subject) {
            throw JOSEError(.malformedClaim, "the claims sub and userId name different accounts")
        }
    }

    /// The payload: JSON without spaces, members sorted by name.
    var payload: [UInt8] {
        var object = JSONObject()
        object["iss"] = .string(self.issuer)
        object["sub"] = .string(self.subject)
        object["aud"] =
            self.audience.count == 1 ? .string(self.audience[0]) : .array(self.audience.map(JSONValue.string))
        object["exp"] = .number(String(self.expiresAt.seconds))
        object["nbf"] = self.notBefore.map { .number(String($0.seconds)) }
        object["iat"] = self.issuedAt.map { .number(String($0.seconds)) }
        object["jti"] = self.tokenID.map(JSONValue.string)
        object["userId"] = self.userID.map(JSONValue.string)
        object["email"] = self.email.map(JSONValue.string)
        object["role"] = (self.role?.rawValue).map(JSONValue.string)
        object["scope"] = self.scopes.isEmpty ? nil : .string(self.scopes.joined(separator: " "))
        object["client_id"] = self.clientID.map(JSONValue.string)
        return object.serialized
    }
}

private struct ClaimReader {
    let object: JSONObject

    /// The last second of the year 9999.
    private static let lastSecond: Int64 = 253_402_300_799

    func required<Value>(_ name: String, _ value: Value?) throws(JOSEError) -> Value {
        guard let value else { throw JOSEError(.missingClaim, "the claim \(name) is missing") }
        return value
    }

    func text(_ name: String) throws(JOSEError) -> String? {
        guard let value = self.object[name] else { return nil }
        guard let text = value.string, !text.isEmpty else {
            throw JOSEError(.malformedClaim, "the claim \(name) is not a string with something in it")
        }
        return text
    }

    func textOrTexts(_ name: String) throws(JOSEError) -> [String]? {
        guard let value = self.object[name] else { return nil }
        if let text = value.string, !text.isEmpty { return [text] }
        if let texts = value.strings, !texts.isEmpty, !texts.contains("") { return texts }
        throw JOSEError(.malformedClaim, "the claim \(name) is neither a string nor an array of strings")
    }

    func role(_ name: String) throws(JOSEError) -> Role? {
        guard let text = try self.text(name) else { return nil }
        guard let role = Role.allCases.first(where: { $0.rawValue.hasSameBytes(as: text) }) else {
            throw JOSEError(.malformedClaim, "the claim \(name) is no role that is known here")
        }
        return role
    }

    /// A NumericDate: seconds since 1970, with or without a fraction, without an exponent.
    func date(_ name: String) throws(JOSEError) -> Timestamp? {
        guard let value = self.object[name] else { return nil }
        guard case .number(let text) = value, !text.utf8.contains(where: { $0 == 0x65 || $0 == 0x45 || $0 == 0x2D }),
            let parts = Optional(text.split(separator: ".")), let seconds = Int64(parts[0]), seconds <= Self.lastSecond
        else { throw JOSEError(.malformedClaim, "the claim \(name) is not a number of seconds since 1970") }
        let fraction = parts.count > 1 ? (parts[1] + "000000").prefix(6) : "0"
        return Timestamp(microseconds: seconds * 1_000_000 + (Int64(fraction) ?? 0))
    }
}
