import Catalog
import Chassis
import Console
import Essentials
import EventSourcing
import FeatureFlags
import Identity
import Inventory
import Notifications
import Orders
import Payments
import Shipping
import ShopContracts
import Storefront
import Transfers
import Users

extension ServiceBlueprint {
    /// The services of the shop, in the order in which they start.
    static let all: [ServiceBlueprint] = [
        users, catalog, inventory, payments, shipping, orders, transfers, notifications, storefront,
        console,
    ]

    private static let users = ServiceBlueprint(name: .users, migrations: UsersService.migrations) {
        environment, platform in
        var parameters = Argon2Parameters()
        parameters.memory = .kibibytes(platform.settings.passwordMemory)
        var hashing = PasswordHasher.Configuration()
        hashing.parameters = parameters
        let configuration = UsersService.Configuration(
            signingKey: platform.usersKey, hasher: PasswordHasher(configuration: hashing),
            revocations: platform.revocations)
        let users = try UsersService(environment, configuration: configuration)
        return BuiltService(users.service) {
            let password = DemoPassword.make(platform.chance)
            let email = "admin@mainstay.example"
            guard try await users.seedAdministrator(email: email, password: Redacted(password)) != nil else {
                return nil
            }
            return "  administrator  \(email)  password \(password)  (shown this once)"
        }
    }

    private static let catalog = ServiceBlueprint(name: .catalog, migrations: CatalogService.migrations) {
        environment, platform in
        var configuration = CatalogService.Configuration()
        configuration.flags = InMemoryFlags([CatalogService.liveStock: .boolean(platform.settings.showsLiveStock)])
        let catalog = try CatalogService(environment, configuration: configuration)
        return BuiltService(catalog.service) {
            try await catalog.seedDemo()
            return nil
        }
    }

    private static let inventory = ServiceBlueprint(name: .inventory, migrations: InventoryService.migrations) {
        environment, _ in
        let inventory = try InventoryService(environment)
        return BuiltService(inventory.service) {
            try await inventory.seed(DemoCatalog.products.map { ($0.id, $0.stock) })
            return nil
        }
    }

    private static let payments = ServiceBlueprint(name: .payments, migrations: PaymentsService.migrations) {
        environment, _ in
        BuiltService(try PaymentsService(environment).service)
    }

    private static let shipping = ServiceBlueprint(name: .shipping, migrations: ShippingService.migrations) {
        environment, platform in
        var configuration = ShippingService.Configuration()
        configuration.demoCarrier = platform.settings.isDemo
        return BuiltService(try ShippingService(environment, configuration: configuration).service)
    }

    private static let orders = ServiceBlueprint(name: .orders, migrations: OrdersService.migrations) {
        environment, platform in
        var configuration = OrdersService.Configuration()
        configuration.checkout = platform.settings.checkout
        return BuiltService(try OrdersService(environment, configuration: configuration).service)
    }

    private static let transfers = ServiceBlueprint(name: .transfers, migrations: TransfersService.migrations) {
        environment, _ in
        BuiltService(try TransfersService(environment).service)
    }

    private static let notifications = ServiceBlueprint(
        name: .notifications, migrations: NotificationsService.migrations
    ) {
        environment, platform in
        var configuration = NotificationsService.Configuration()
        configuration.directory = platform.settings.mailDirectory
        configuration.sender = try platform.settings.mailSender(
            others: FileSender(directory: platform.settings.mailDirectory))
        return BuiltService(try NotificationsService(environment, configuration: configuration).service)
    }
}

extension ServiceBlueprint {
    private static let storefront = ServiceBlueprint(name: .storefront, migrations: StorefrontService.migrations) {
        environment, _ in
        BuiltService(try StorefrontService(environment).service)
    }

    private static let console = ServiceBlueprint(name: .console, migrations: ConsoleService.migrations) {
        environment, platform in
        var configuration = ConsoleService.Configuration(
            services: ServiceName.withPages, buffer: platform.telemetry.buffer)
        configuration.quota = platform.settings.telemetryQuota
        configuration.retention = platform.settings.telemetryRetention
        configuration.metrics = { platform.telemetry.snapshot() }
        configuration.sagaServices = [.orders, .transfers]
        configuration.ledgerServices = [.inventory, .payments]
        configuration.consumerServices = [.orders, .notifications]
        return BuiltService(try ConsoleService(environment, configuration: configuration).service)
    }
}

/// Passwords that a person can copy from a terminal.
enum DemoPassword {
    /// 24 letters and digits without those that look alike: 120 bits.
    static func make(_ chance: Chance) -> String {
        let letters = Array("abcdefghjkmnpqrstuvwxyz23456789A")
        let groups = (0..<4).map { _ in String((0..<6).map { _ in letters[chance.below(32)] }) }
        return groups.joined(separator: "-")
    }
}
