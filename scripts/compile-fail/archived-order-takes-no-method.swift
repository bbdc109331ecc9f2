// error: no exact matches in call to instance method 'archiveOrder'
import Essentials
@testable import Orders

func again(_ archived: OrderIn<InArchived>, at moment: Timestamp) throws { _ = try archived.archiveOrder(at: moment) }
