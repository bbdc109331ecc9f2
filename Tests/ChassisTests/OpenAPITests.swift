import Chassis
import Essentials
import Testing

@Suite struct OpenAPITests {
    private let document = OpenAPIDocument(
        title: "Parrot", version: "1", about: "Says things.", routes: Parrot.routes
    ).json

    @Test func `internal routes are not part of the public document`() {
        #expect(self.document["paths"]?["/internal/phrases"] == nil)
        #expect(self.document["paths"]?["/v1/phrases"]?["post"] != nil)
    }

    @Test func `refusals that follow from a route's shape are documented`() {
        let responses = self.document["paths"]?["/v1/phrases"]?["post"]?["responses"]?.object
        #expect(responses?.members.map(\.name) == ["201", "400", "401", "403", "413", "415", "503"])
    }

    @Test func `a path with a named part may lead nowhere`() {
        let responses = self.document["paths"]?["/v1/phrases/{phraseId}"]?["delete"]?["responses"]?.object
        #expect(responses?.members.map(\.name).contains("404") == true)
    }

    @Test func `models stand once as components and are referred to`() {
        let body = self.document["paths"]?["/v1/phrases"]?["post"]?["requestBody"]?["content"]?["application/json"]
        #expect(body?["schema"]?["$ref"] == "#/components/schemas/Phrase")
        #expect(self.document["components"]?["schemas"]?["Phrase"]?["additionalProperties"] == JSONValue.bool(false))
        #expect(self.document["components"]?["schemas"]?["Error"] != nil)
    }

    @Test func `open operations ask for no token`() {
        #expect(self.document["paths"]?["/v1/phrases/{phraseId}"]?["get"]?["security"] == JSONValue.array([]))
        #expect(self.document["paths"]?["/v1/phrases"]?["post"]?["security"] == JSONValue.array([["bearer": []]]))
    }
}
