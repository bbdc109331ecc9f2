public import Chassis

extension ProblemType {
    public static let outOfStock = ProblemType("out-of-stock", 409, "Not enough of a product is in stock.")
    public static let holdReleased = ProblemType("hold-released", 409, "The hold has been released already.")
    public static let unknownProduct = ProblemType("unknown-product", 422, "A product does not exist or is not sold.")
    public static let paymentDeclined = ProblemType("payment-declined", 422, "The payment was declined.")
    public static let paymentVoided = ProblemType("payment-voided", 409, "The payment has been voided already.")
    public static let insufficientFunds = ProblemType("insufficient-funds", 422, "The account does not hold enough.")
    public static let postingVoided = ProblemType("posting-voided", 409, "The posting has been voided already.")
    public static let shipmentCancelled = ProblemType(
        "shipment-cancelled", 409, "The shipment has been cancelled already.")
    public static let shipmentUnderWay = ProblemType("shipment-under-way", 409, "The parcel has left already.")
    public static let transitionNotAllowed = ProblemType(
        "transition-not-allowed", 409, "The state of the order does not allow this.")
    public static let returnWindowClosed = ProblemType("return-window-closed", 409, "The time for returns is over.")
    public static let idempotencyKeyReused = ProblemType(
        "idempotency-key-reused", 422, "The idempotency key belongs to another request.")
    public static let skuTaken = ProblemType("sku-taken", 409, "Another product has this SKU.")
    public static let emailTaken = ProblemType("email-taken", 409, "The e-mail address is registered already.")
    public static let invalidCredentials = ProblemType("invalid-credentials", 401, "E-mail or password is wrong.")
    public static let tokenReused = ProblemType("token-reused", 401, "The refresh token has been used already.")
    public static let mixedCurrencies = ProblemType("mixed-currencies", 422, "One order has one currency.")

    /// The kinds that the services of the shop add to ``ProblemType/common``.
    public static let shop: [ProblemType] = [
        .outOfStock, .holdReleased, .unknownProduct, .paymentDeclined, .paymentVoided, .insufficientFunds,
        .postingVoided, .shipmentCancelled, .shipmentUnderWay, .transitionNotAllowed, .returnWindowClosed,
        .idempotencyKeyReused, .skuTaken, .emailTaken, .invalidCredentials, .tokenReused, .mixedCurrencies,
    ]
}
