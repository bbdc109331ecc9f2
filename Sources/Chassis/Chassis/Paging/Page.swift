import Essentials
import EventSourcing
import FoundationEssentials

/// One page of a list.
public struct Page<Item: APIModel>: APIModel {
    public var items: [Item]
    /// Give it back as `cursor` for the page behind this one; missing on the last page.
    public var nextCursor: String?

    public init(items: [Item], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }

    public static var schemaName: String { "\(Item.schemaName)Page" }
    public static var schema: Schema {
        .object([
            .init("items", .array(.model(Item.self), count: 0...PageRequest.maximumLimit)),
            .init("nextCursor", .string(.cursor), required: false),
        ])
    }
}

extension TextFormat {
    /// An opaque place in a list.
    public static let cursor = TextFormat(
        accepted: "a cursor that an earlier page gave", pattern: "^[A-Za-z0-9_-]{1,400}$",
        matches: { text in
            (1...400).contains(text.utf8.count)
                && text.utf8.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                        || byte == 95
                }
        })
}

/// Which page of a list is asked for.
public struct PageRequest: Sendable {
    /// The most items of one page.
    public static let maximumLimit = 100
    /// The items of a page when the client names no number.
    public static let defaultLimit = 20

    public var limit: Int
    /// The sort key of the last item of the page before, as the service wrote it; nil for the first page.
    public var after: [String]?

    /// - Parameter defaultLimit: the items of a page when the client names no number.
    /// - Throws: a ``Problem`` for a cursor that no page of this list gave.
    public init(_ request: RoutedRequest, keyParts: Int, defaultLimit: Int = Self.defaultLimit) throws {
        self.limit = request.integer("limit") ?? defaultLimit
        self.after = try request.query["cursor"].map { text in
            guard let parts = Self.decode(text), parts.count == keyParts else {
                throw Problem(
                    .validationFailed, "query/cursor: a cursor that an earlier page of this list gave is expected")
            }
            return parts
        }
    }

    /// The query parameters of every list.
    public static let parameters = Self.parameters(defaultLimit: Self.defaultLimit)

    /// The query parameters of a list whose pages have another length by default.
    public static func parameters(defaultLimit: Int) -> [Parameter] {
        [
            .query(
                "limit", .integer(1...Int64(Self.maximumLimit)), "The most items of the page. Default: \(defaultLimit)."
            ),
            .query("cursor", .string(.cursor), "`nextCursor` of the page before."),
        ]
    }

    /// A page of `rows`, of which one more than ``limit`` was read to see whether another page follows.
    public func page<Row, Item: APIModel>(
        of rows: [Row], key: (Row) -> [String], item: (Row) throws -> Item,
    ) rethrows -> Page<Item> {
        let (shown, cursor) = self.slice(of: rows, key: key)
        return Page(items: try shown.map(item), nextCursor: cursor)
    }

    /// What is shown of `rows`, of which one more than ``limit`` was read, and the cursor of the page behind it; nil for the
    /// last page.
    public func slice<Row>(of rows: [Row], key: (Row) -> [String]) -> (rows: ArraySlice<Row>, cursor: String?) {
        let shown = rows.prefix(self.limit)
        return (shown, rows.count > self.limit ? shown.last.map { Self.encode(key($0)) } : nil)
    }

    private static func encode(_ parts: [String]) -> String {
        Data(JSONValue.array(parts.map(JSONValue.string)).serialized).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func decode(_ text: String) -> [String]? {
        let padded =
            text.replacing("-", with: "+").replacing("_", with: "/")
            + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: padded), let value = try? JSONReader.parse([UInt8](data)) else {
            return nil
        }
        let parts = value.array?.compactMap(\.string)
        return parts?.count == value.array?.count ? parts : nil
    }
}
