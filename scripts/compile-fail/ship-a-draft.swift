// error: requires the types 'InDraft' and 'InConfirmed' be equivalent
@testable import Orders

func ship(_ draft: OrderIn<InDraft>) throws { _ = try draft.shipOrder("MS1") }
