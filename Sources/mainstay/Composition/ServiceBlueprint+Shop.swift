import Chassis
import Essentials
import ShopContracts

extension ServiceBlueprint {
    /// The services of the shop, in the order in which they start.
    static let all: [ServiceBlueprint] = []
}
