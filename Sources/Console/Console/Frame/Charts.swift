import Chassis

/// Small drawings in SVG, without styles of their own: the Content-Security-Policy allows none.
enum Charts {
    /// A line with the area below it.
    static func spark(_ values: [Double], label: String, tone: String = "accent") -> HTML {
        guard values.count > 1, let top = values.max(), top > 0 else {
            return
                "<svg class=\"spark\" viewBox=\"0 0 120 32\" role=\"img\" aria-label=\"\(label): nothing yet\"></svg>"
        }
        let step = 120 / Double(values.count - 1)
        let points = values.enumerated().map { index, value in
            "\(self.short(Double(index) * step)),\(self.short(30 - value / top * 27))"
        }.joined(separator: " ")
        return """
            <svg class="spark \(tone)" viewBox="0 0 120 32" preserveAspectRatio="none" role="img" aria-label="\(label)">\
            <polygon points="0,32 \(points) 120,32"/><polyline points="\(points)" vector-effect="non-scaling-stroke"/></svg>
            """
    }

    /// How full something is.
    static func bar(_ share: Double, label: String) -> HTML {
        let tone = share > 0.8 ? "bad" : share > 0.6 ? "warn" : "good"
        let width = self.short(max(0, min(1, share)) * 100)
        return """
            <svg class="bar \(tone)" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="\(label)">\
            <rect class="track" width="100" height="6" rx="3"/><rect width="\(width)" height="6" rx="3"/></svg>
            """
    }

    /// A stretch on a line of time, both in shares of it.
    static func stretch(from start: Double, to end: Double, tone: String, critical: [(Double, Double)] = []) -> HTML {
        let width = max(0.3, (end - start) * 100)
        let parts = critical.map { from, to -> HTML in
            "<rect class=\"critical\" x=\"\(self.short(from * 100))%\" y=\"13\" width=\"\(self.short((to - from) * 100))%\" height=\"3\"/>"
        }
        return """
            <svg class="stretch \(tone)" aria-hidden="true"><rect x="\(self.short(start * 100))%" y="4" \
            width="\(self.short(width))%" height="9" rx="2"/>\(parts)</svg>
            """
    }

    static func short(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
