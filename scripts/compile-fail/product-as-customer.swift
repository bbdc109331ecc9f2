// error: cannot convert value of type 'ProductID'
import ShopContracts

func identify(customer: CustomerID) -> CustomerID { customer }
func wrong(product: ProductID) -> CustomerID { identify(customer: product) }
