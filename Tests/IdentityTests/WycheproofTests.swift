import Essentials
import Foundation
import Testing

@testable import Identity

/// Google's Wycheproof vectors for JWS and JWK. They are outside data: the suite runs when `VECTORS` names the folder
/// that holds `wycheproof/`, and never in a plain test run. Every deviation from the expected results stands in
/// `WycheproofDeviations.swift` with its reason.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["VECTORS"] != nil, "VECTORS names no folder of vectors"))
struct WycheproofTests {
    private struct Vector {
        var tcId: Int
        var comment: String
        /// Nil when the vector is a JWE.
        var jws: String?
        var result: String

        init(_ fields: [String: Any]) throws {
            self.tcId = try #require(fields["tcId"] as? Int)
            self.comment = try #require(fields["comment"] as? String)
            self.result = try #require(fields["result"] as? String)
            // Tokens in JSON serialization stand as objects.
            if let object = fields["jws"] as? [String: Any] {
                self.jws = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
            } else {
                self.jws = fields["jws"] as? String
            }
        }
    }

    private struct Tally {
        var vectors = 0
        var accepted = 0
        var refused = 0
        var outOfScope = 0
        var deviations: [Int] = []
        var falseAccepts: [String] = []
        var unexplained: [String] = []
        /// Refusals by our code: what was refused for which reason.
        var reasons: [String: Int] = [:]
        /// Refusals because the key is not for a use that is offered.
        var notOffered: [String: Int] = [:]
        var lines: [String] = []
        /// Token and keys of the vectors that are valid and accepted.
        var validTokens: [Int: [String]] = [:]
    }

    @Test func `the vectors are judged as expected, or it is explained why not`() throws {
        var total = Tally()
        for name in ["json_web_signature_test", "json_web_crypto_test", "json_web_key_test"] {
            let tally = try self.run(name)
            total.vectors += tally.vectors
            total.accepted += tally.accepted
            total.refused += tally.refused
            total.outOfScope += tally.outOfScope
            total.deviations += tally.deviations
            total.falseAccepts += tally.falseAccepts
            total.unexplained += tally.unexplained
            total.reasons.merge(tally.reasons, uniquingKeysWith: +)
            total.notOffered.merge(tally.notOffered, uniquingKeysWith: +)
            total.lines += tally.lines
        }
        for line in total.lines { Self.show(line) }
        Self.show(
            "refusals by class: "
                + total.reasons.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                .joined(separator: ", "))
        for (reason, count) in total.notOffered.sorted(by: { $0.key < $1.key }) {
            Self.show("refused with the key, \(count): \(reason)")
        }
        Self.show("\(total.outOfScope) vectors out of scope: JWE")
        Self.show(
            "\(total.vectors) vectors: \(total.accepted) accepted, \(total.refused) refused, "
                + "\(total.deviations.count) explained deviations, \(total.falseAccepts.count) false accepts")
        #expect(total.falseAccepts == [])
        #expect(total.unexplained == [])
        #expect(total.vectors > 400)
    }

    private func run(_ name: String) throws -> Tally {
        let folder = try #require(ProcessInfo.processInfo.environment["VECTORS"])
        let data = try Data(contentsOf: URL(filePath: "\(folder)/wycheproof/\(name).json"))
        let file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let groups = try #require(file["testGroups"] as? [[String: Any]])
        var tally = Tally()
        var unused = Set(wycheproofDeviations[name, default: [:]].keys)
        for group in groups {
            let keys = try self.keyText(group)
            for fields in try #require(group["tests"] as? [[String: Any]]) {
                let vector = try Vector(fields)
                guard let jws = vector.jws else {
                    tally.outOfScope += 1
                    continue
                }
                self.judge(vector, jws, keys, file: name, &tally)
                if tally.deviations.last == vector.tcId { unused.remove(vector.tcId) }
            }
        }
        #expect(unused == [], "explained deviations of \(name) that no longer happen")
        #expect(tally.vectors + tally.outOfScope == file["numberOfTests"] as? Int)
        return tally
    }

    private func judge(_ vector: Vector, _ jws: String, _ keys: [UInt8], file: String, _ tally: inout Tally) {
        tally.vectors += 1
        let outcome = self.outcome(jws, keys)
        if let outcome {
            tally.refused += 1
            tally.reasons[outcome.rawValue, default: 0] += 1
            for skipped in (try? self.keySet(keys))?.skipped ?? [] {
                tally.notOffered[skipped.reason.message, default: 0] += 1
            }
        } else {
            tally.accepted += 1
            if vector.result == "valid" {
                tally.validTokens[vector.tcId] = [jws, String(decoding: keys, as: UTF8.self)]
            }
        }
        guard (outcome == nil) != (vector.result == "valid") else { return }
        let judged = outcome?.rawValue ?? "accepted"
        let text = "\(file) tcId \(vector.tcId) (\(vector.comment)): expected \(vector.result), is \(judged)"
        guard let deviation = wycheproofDeviations[file]?[vector.tcId], deviation.code == outcome,
            self.isProven(deviation.proof, jws, keys, tally)
        else {
            if outcome == nil { tally.falseAccepts.append(text) } else { tally.unexplained.append(text) }
            return
        }
        tally.deviations.append(vector.tcId)
        tally.lines.append("\(text): \(deviation.reason)")
    }

    private func outcome(_ jws: String, _ keys: [UInt8]) -> JOSEError.Code? {
        refusal { _ = try CompactJWS(parsing: jws).verified(by: self.keySet(keys)) }
    }

    private func isProven(_ proof: WycheproofDeviation.Proof, _ jws: String, _ keys: [UInt8], _ tally: Tally) -> Bool {
        let text = String(decoding: keys, as: UTF8.self)
        switch proof {
        case .acceptedWhenKeyIsFor(let algorithm):
            let mended = text.replacing(/"alg":"[A-Z0-9]*"/, with: "\"alg\":\"\(algorithm)\"")
            return mended != text && self.outcome(jws, bytes(mended)) == nil
        case .sameTokenAs(let other): return tally.validTokens[other] == [jws, text]
        case .foreignCharacter(let character): return jws.contains(character)
        }
    }

    /// The group's public key or keys; where there is none, the secret.
    private func keyText(_ group: [String: Any]) throws -> [UInt8] {
        let key = try #require((group["public"] ?? group["private"]) as? [String: Any])
        let set: [String: Any] = key["keys"] == nil ? ["keys": [key]] : key
        return Array(try JSONSerialization.data(withJSONObject: set, options: .sortedKeys))
    }

    /// Secrets only where the document holds nothing but secrets, as a caller would pin them.
    private func keySet(_ document: [UInt8]) throws -> JWKSet {
        let object = try StrictJSON.object(in: document, what: "key set", limit: JWKSet.maximumBytes)
        guard case .array(let keys) = object["keys"] else { return try JWKSet(parsing: document) }
        let types = keys.map { $0.object?["kty"]?.string }
        return types.contains("oct") ? try JWKSet(parsingSecrets: document) : try JWKSet(parsing: document)
    }

    private static func show(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }
}
