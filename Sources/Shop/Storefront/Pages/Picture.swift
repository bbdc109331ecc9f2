import Chassis

/// A picture of a product, drawn from its category and its SKU, so that it is the same everywhere and nothing is loaded.
enum Picture {
    static func of(_ product: Product) -> HTML {
        let seed = product.sku.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let hue = Int(seed % 360)
        return """
            <svg class="picture" viewBox="0 0 100 75" role="img" aria-label="\(product.name)">
            <rect width="100" height="75" fill="hsl(\(hue) 45% 90%)"/>
            <circle cx="\(20 + Int(seed >> 9 % 60))" cy="18" r="34" fill="hsl(\((hue + 40) % 360) 50% 82%)"/>
            <g fill="hsl(\(hue) 45% 35%)" stroke="hsl(\(hue) 45% 25%)" stroke-width="1.5" \
            stroke-linejoin="round">\(Self.outline(of: product.category))</g></svg>
            """
    }

    private static func outline(of category: String) -> HTML {
        switch category {
        case "kitchen": "<path d=\"M36 26h24v6l-3 26H39l-3-26zM60 34c12-2 12 16 1 15\"/>"
        case "books": "<path d=\"M28 20h20l2 3 2-3h20v34H52l-2 3-2-3H28zM50 23v33\" fill-opacity=\".8\"/>"
        case "outdoors": "<path d=\"M50 16 22 58h56zM50 16v42\" fill-opacity=\".8\"/>"
        case "desk": "<path d=\"M34 58h32M50 58V38L66 22M60 16l14 14-6 5-13-13z\"/>"
        case "audio": "<path d=\"M30 48V40a20 20 0 0 1 40 0v8M26 44h10v16H26zM64 44h10v16H64z\" fill-opacity=\".7\"/>"
        default: "<path d=\"M30 28l20-9 20 9v24l-20 9-20-9zM30 28l20 9 20-9M50 37v24\" fill-opacity=\".8\"/>"
        }
    }
}
