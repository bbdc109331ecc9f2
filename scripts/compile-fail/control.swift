// compiles
import Essentials
import ShopContracts
@testable import Orders

func identify(customer: CustomerID) -> CustomerID { customer }
func right(customer: CustomerID) -> CustomerID { identify(customer: customer) }

func place(_ draft: OrderIn<InDraft>, at moment: Timestamp) throws -> OrderIn<InPending> {
    try draft.placeOrder(at: moment)
}
func ship(_ confirmed: OrderIn<InConfirmed>) throws -> OrderIn<InShipped> { try confirmed.shipOrder("MS1") }
