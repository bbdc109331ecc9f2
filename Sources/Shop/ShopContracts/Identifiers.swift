public import Essentials

public enum UserSubject {}
public enum ProductSubject {}
public enum OrderSubject {}
public enum OrderLineSubject {}
public enum PaymentSubject {}
public enum AccountSubject {}
public enum TransferSubject {}
public enum ShipmentSubject {}
public enum NotificationSubject {}

/// A registered person. A customer is a user who buys.
public typealias UserID = Identifier<UserSubject>
public typealias CustomerID = UserID
public typealias ProductID = Identifier<ProductSubject>
public typealias OrderID = Identifier<OrderSubject>
public typealias OrderLineID = Identifier<OrderLineSubject>
public typealias PaymentID = Identifier<PaymentSubject>
/// A customer's money account in the payments service.
public typealias AccountID = Identifier<AccountSubject>
public typealias TransferID = Identifier<TransferSubject>
public typealias ShipmentID = Identifier<ShipmentSubject>
public typealias NotificationID = Identifier<NotificationSubject>
