import Essentials
import HTTPCaching
import HTTPWire
import Testing

@Suite("What is stored")
struct StoringTests {
    private func isStored(_ control: String, status: Int = 200, _ asked: CacheRequest = request()) -> Bool {
        answer(["Cache-Control": control], status: status).mayBeStored(for: asked)
    }

    @Test func `no-store and private are not, in any case of letters`() {
        #expect(self.isStored("max-age=9"))
        for control in ["no-store", "nO-StOrE, max-age=9", "private, max-age=9", "max-age=0"] {
            #expect(!self.isStored(control), "\(control)")
        }
        #expect(!self.isStored("max-age=9", request("Cache-Control: no-store")))
    }

    @Test func `must-understand replaces no-store where the status is known`() {
        #expect(self.isStored("no-store, must-understand, max-age=9"))
        #expect(!self.isStored("no-store, must-understand, max-age=9", status: 599))
        #expect(!self.isStored("must-understand, max-age=9", status: 599))
        #expect(self.isStored("max-age=9", status: 599))
    }

    @Test func `a field aimed at this cache may allow what the others forbid, and forbid what they allow`() {
        let allowed = answer(["CDN-Cache-Control": "max-age=9", "Cache-Control": "no-store"])
        #expect(allowed.mayBeStored(for: request()))
        for control in ["no-store", "private"] {
            let forbidden = answer(["CDN-Cache-Control": control, "Cache-Control": "max-age=9", "Expires": date(99)])
            #expect(!forbidden.mayBeStored(for: request()), "\(control)")
        }
    }

    @Test func `answers to authorized requests are only where they are meant for all`() {
        let asked = request("Authorization: Basic abc")
        for control in ["max-age=9, public", "max-age=9, must-revalidate", "s-maxage=9"] {
            #expect(self.isStored(control, asked), "\(control)")
        }
        #expect(!self.isStored("max-age=9", asked))
    }

    @Test func `only answers to GET, only final and whole ones, and none that varies by everything`() {
        for method in ["HEAD", "POST", "OPTIONS", "M-SEARCH"] {
            #expect(!self.isStored("max-age=9", request(method: method)), "\(method)")
        }
        for status in [103, 206, 304] { #expect(!self.isStored("max-age=9", status: status)) }
        for vary in ["*", "*, *", ", *", "*, Foo", "Foo, *"] {
            #expect(!answer(["Cache-Control": "max-age=9", "Vary": vary]).mayBeStored(for: request()), "\(vary)")
        }
        #expect(!answer(["Cache-Control": "max-age=9", "Vary": "", "vary": "*"]).mayBeStored(for: request()))
    }

    @Test func `what can only be validated is stored too`() {
        #expect(answer(["Cache-Control": "no-cache", "ETag": "\"a\""]).mayBeStored(for: request()))
        #expect(!answer([:]).mayBeStored(for: request()))
    }

    @Test func `fields that were not meant to be kept are not`() {
        let head = answer([
            "Cache-Control": "max-age=9, private=\"A\", no-cache=\"B, C\"", "A": "1", "B": "2", "c": "3", "D": "4",
            "Age": "7", "Proxy-Authentication-Info": "x",
        ])
        #expect(head.fields.lines.map(\.name) == ["Cache-Control", "D"])
    }
}

@Suite("Which stored answer")
struct VaryingTests {
    private func key(_ vary: String, _ fields: String...) -> [UInt8] {
        parsed(fields) { Varying(vary).key($0.fields, $1) }
    }

    @Test func `requests that say the same in the fields of Vary get the same answer`() {
        #expect(self.key("Foo", "Foo: 1", "Other: 2") == self.key("foo", "Other: 3", "foo: 1"))
        #expect(self.key("Foo, Bar", "Foo: 1", "Bar: 2") == self.key("Bar,Foo", "Bar: 2", "Foo: 1"))
        #expect(self.key("Foo", "Foo: 1, 2") == self.key("Foo", "Foo: 1", "Foo: 2"))
        #expect(self.key("Foo", "Foo: 1,2") == self.key("Foo", "Foo:  1 ,  2"))
        #expect(
            self.key("Accept-Language", "Accept-Language: en, DE;q=0.5")
                == self.key("Accept-Language", "Accept-Language: de; q=0.5,en"))
    }

    @Test func `others do not`() {
        #expect(self.key("Foo", "Foo: 1") != self.key("Foo", "Foo: 2"))
        #expect(self.key("Foo", "Foo: 1") != self.key("Foo"))
        #expect(self.key("Foo", "Foo:") != self.key("Foo"))
        #expect(self.key("Foo", "Foo: 1, 2") != self.key("Foo", "Foo: 2, 1"))
        #expect(self.key("Foo, Bar", "Foo: 1", "Bar: 2") != self.key("Foo, Bar", "Foo: 2", "Bar: 1"))
        #expect(self.key("Foo", "Foo: a") != self.key("Foo", "Foo: A"))
    }
}
