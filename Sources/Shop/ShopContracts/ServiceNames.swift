public import Chassis

extension ServiceName {
    public static let users: ServiceName = "users"
    public static let inventory: ServiceName = "inventory"
    public static let transfers: ServiceName = "transfers"
    public static let payments: ServiceName = "payments"
    public static let notifications: ServiceName = "notifications"
    public static let orders: ServiceName = "orders"
    public static let catalog: ServiceName = "catalog"
    public static let shipping: ServiceName = "shipping"
    public static let storefront: ServiceName = "storefront"
    public static let console: ServiceName = "console"

    /// The services of the shop, in the order in which they start.
    public static let shop: [ServiceName] = [
        .users, .catalog, .inventory, .payments, .shipping, .orders, .transfers, .notifications,
    ]

    /// The services of the shop and the pages in front of them.
    public static let withPages = shop + [storefront, console]

    /// The port of each service on loopback; the gateway has 3000.
    public static let defaultPorts: [ServiceName: Int] = [
        .users: 3_001, .inventory: 3_002, .transfers: 3_003, .payments: 3_004, .notifications: 3_005,
        .orders: 3_006, .catalog: 3_007, .shipping: 3_008, .storefront: 3_010,
        .console: 3_011,
    ]
}
