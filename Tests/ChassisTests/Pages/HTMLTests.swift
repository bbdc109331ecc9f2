import Chassis
import Testing

@Suite("HTML", .timeLimit(.minutes(10))) struct HTMLTests {
    @Test func `text is escaped in content and in attributes, markup is not`() {
        let text = #"<a href="x" onclick='y'>&"#
        let inner: HTML = "<b>\(text)</b>"
        #expect(inner.text == "<b>&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;</b>")
        let outer: HTML = "<p>\(inner)\([inner, inner])\(nil as HTML?)\(12)</p>"
        #expect(outer.text == "<p>\(inner.text)\(inner.text)\(inner.text)12</p>")
        #expect(HTML(escaping: text).text == "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;")
    }
}
