import Chassis
import HTTPTypes
import Identity

/// The keys with which everybody checks the tokens of this service.
enum PublishKeys {
    static func route(_ keys: JWKSet) -> Route {
        let document = keys.document
        return Route(
            .get, "/.well-known/jwks.json", "getKeys", tag: "Sessions", "The public keys of access tokens (RFC 7517)",
            access: .anyone, answers: [.json(.ok, PublishedKeys.self, "The keys")]
        ) { _ in
            ServiceResponse(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "public, max-age=300"],
                body: document)
        }
    }
}

/// A JWK set of public keys for P-256 and Ed25519.
struct PublishedKeys: APIModel {
    struct Key: APIModel {
        var kty: String
        var crv: String
        var x: String
        var y: String?
        var alg: String
        var use: String
        var kid: String

        static let schemaName = "PublishedKey"
        static let schema = Schema.object([
            .init("kty", .oneOf(["EC", "OKP"])), .init("crv", .oneOf(["P-256", "Ed25519"])),
            .init("x", .text(1...100)), .init("y", .text(1...100), required: false),
            .init("alg", .oneOf(["ES256", "EdDSA"])), .init("use", .oneOf(["sig"])), .init("kid", .text(1...100)),
        ])
    }

    var keys: [Key]

    static let schema = Schema.object([.init("keys", .array(.model(Key.self), count: 0...64))])
}
