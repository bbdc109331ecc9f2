public import Essentials

/// The products that `--demo` puts on sale, with the stock that it lays in. Their ids are fixed, so that catalog and
/// inventory speak of the same things without asking each other.
public enum DemoCatalog {
    /// One product of the demo.
    public struct Product: Hashable, Sendable {
        public var id: ProductID
        public var sku: String
        public var name: String
        public var category: String
        public var description: String
        public var price: Money
        /// Pieces on the shelf at the beginning.
        public var stock: Int
    }

    /// The SKU of the product of which there is none.
    public static let soldOutSKU = "SOLD-OUT"

    /// All products, in order of their ids.
    public static let products: [Product] = rows.enumerated().map { index, row in
        // UUID version 8 of our own making: nothing else draws from this range.
        let id = ProductID(UniqueID(high: 0xCA7A_1060_0000_8000, low: 0x8000_0000_0000_0001 + UInt64(index)))
        return Product(
            id: id, sku: row.sku, name: row.name, category: row.category, description: row.description,
            price: Money(minor: row.cents, .eur), stock: row.stock)
    }

    /// The product with this SKU.
    public static func product(_ sku: String) -> Product? { self.products.first { $0.sku == sku } }

    private struct Row {
        var sku: String
        var name: String
        var category: String
        var cents: Int64
        var stock: Int
        var description: String

        init(_ sku: String, _ name: String, _ category: String, _ cents: Int64, _ stock: Int, _ description: String) {
            self.sku = sku
            self.name = name
            self.category = category
            self.cents = cents
            self.stock = stock
            self.description = description
        }
    }

    private static let rows: [Row] = kitchen + books + outdoors + desk + audio

    private static let kitchen = [
        Row("KIT-MOKA-3", "Moka pot for three cups", "kitchen", 2_490, 500, "Aluminium, for every hob but induction."),
        Row("KIT-GRIND-1", "Hand coffee grinder", "kitchen", 6_900, 300, "Steel burrs, 30 grams, 24 settings."),
        Row("KIT-KNIFE-20", "Chef's knife, 20 cm", "kitchen", 8_450, 250, "Carbon steel, forged, walnut handle."),
        Row("KIT-BOARD-40", "Oak chopping board", "kitchen", 3_900, 400, "End grain, 40 by 30 cm, oiled."),
        Row("KIT-KETTLE-1", "Gooseneck kettle", "kitchen", 5_990, 200, "One litre, holds its temperature to a degree."),
    ]

    private static let books = [
        Row("BOK-CRYPT-2", "A Graduate Course in Ciphers", "books", 7_200, 150, "Proofs first, protocols second."),
        Row("BOK-LOGS-1", "The Log Is the Database", "books", 3_450, 600, "Replication from one idea."),
        Row("BOK-BREAD-3", "Bread, Slowly", "books", 2_800, 450, "Sourdough for people who have a day job."),
        Row("BOK-MAPS-1", "How Maps Lie", "books", 3_150, 350, "Projections, borders, and what they leave out."),
        Row("BOK-TIDES-1", "A Field Guide to Tides", "books", 1_990, 500, "Pocket size, printed on waterproof paper."),
    ]

    private static let outdoors = [
        Row("OUT-TENT-2", "Two-person tent", "outdoors", 24_900, 80, "1.4 kg, two doors, stands without pegs."),
        Row("OUT-STOVE-1", "Alcohol stove", "outdoors", 1_850, 700, "Titanium, 17 grams, boils half a litre."),
        Row("OUT-LAMP-3", "Rechargeable head lamp", "outdoors", 4_490, 400, "300 lumens, red light, USB-C."),
        Row("OUT-BOTTLE-7", "Steel bottle, 0.7 l", "outdoors", 2_990, 900, "Keeps tea hot for twelve hours."),
        Row("OUT-ROPE-30", "Static rope, 30 m", "outdoors", 7_990, 120, "9 mm, for hauling and fixed lines."),
    ]

    private static let desk = [
        Row("DSK-PEN-1", "Piston fountain pen", "desk", 5_500, 300, "Fine nib, takes any bottled ink."),
        Row("DSK-NOTE-A5", "Dotted notebook, A5", "desk", 1_290, 1_000, "192 numbered pages of 90 g paper."),
        Row("DSK-LAMP-2", "Swing-arm lamp", "desk", 9_900, 150, "Clamps on, 3000 K, no flicker."),
        Row("DSK-KEYS-60", "Compact keyboard", "desk", 12_900, 200, "61 keys, hot-swap, quiet switches."),
        Row(soldOutSKU, "Limited brass ruler", "desk", 3_300, 0, "Sold out, and kept in the catalogue to show it."),
    ]

    private static let audio = [
        Row("AUD-HEAD-1", "Closed headphones", "audio", 14_900, 180, "Replaceable pads, cable and battery."),
        Row("AUD-MIC-1", "Dynamic microphone", "audio", 8_990, 160, "Cardioid, for voices near and rooms loud."),
        Row("AUD-RADIO-1", "Kitchen radio", "audio", 6_490, 220, "FM and DAB+, one knob, eight presets."),
        Row("AUD-CABLE-3", "Balanced cable, 3 m", "audio", 1_790, 800, "XLR, braided, made to be repaired."),
    ]
}
