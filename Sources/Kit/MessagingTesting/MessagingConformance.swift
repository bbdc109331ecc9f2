public import EventSourcing
public import Messaging
public import Testing

/// The rules that every store of an inbox and of effects keeps, and that consumers keep on every such store. A
/// backend's test is three lines:
///
/// ```swift
/// @Test(arguments: MessagingConformance.allCases)
/// func `the store keeps the rule`(_ rule: MessagingConformance) async throws {
///     try await rule.check { store.transactor.map { $0 } }
/// }
/// ```
public enum MessagingConformance: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// What a store's transactions have to reach.
    public typealias Unit = any InboxUnit & EffectUnit

    // The store.
    case keepsWatermarksApart = "watermarks are kept for each consumer, source and share"
    case parksOnceInOrder = "an event is parked once, behind those of its key, under a number that is never used again"
    case findsWhatIsDue = "lines come due in the order of their time, and only by their first event"
    case listsDeadLetters = "dead letters are listed in order, in pages, of one consumer or of all"
    case keepsEffects = "effects are kept by queue and id, and come due in the order of their time"
    case forgetsWhatWasRolledBack = "a transaction that throws leaves no trace in inbox and effects"
    case refusesWritesWhenReading = "a reading transaction cannot write"

    // Consumers on the store.
    case handlesEachEventOnce = "each event delivered three times has its effect once"
    case toleratesDuplicatesAtAnyDistance = "an event that comes again at any distance has no second effect"
    case survivesLostAnswers = "a crash between effect and answer neither loses nor repeats an effect"
    case retriesWithPauses = "an event that fails is tried again after pauses, and then is a dead letter"
    case parksPermanentFailuresAtOnce = "an event that nobody can read is a dead letter at once"
    case keepsOtherKeysGoing = "a dead letter holds up its own key and no other"
    case redrivesInOrder = "a redriven line has its effects in the order of the log"
    case discardsOne = "a discarded event leaves without an effect and lets its line go on"
    case keepsConsumersApart = "a consumer that fails holds up no other consumer"
    case startsAgainWithANewEpoch = "a source with a new epoch is read from its start"
    case sharesASource = "shares of a source are handled once each, also after it is divided otherwise"
    case handlesOnlyItsTypes = "events of other types pass without an effect, and the watermark follows them"
    case toleratesTwoOwners = "several owners of one share at once do work twice, but effects once and in order"
    case toleratesBeingOvertaken = "an owner that is overtaken between reading and writing has no second effect"
    case agreesWithTheNaiveModel = "random failures, crashes and redrives end as if nothing had failed"

    public var testDescription: String { self.rawValue }

    /// Checks the rule on stores that `fresh` makes, each of them empty.
    public func check(_ fresh: () async throws -> Transactor<Unit>) async throws {
        switch self {
        case .keepsWatermarksApart: try await Self.checkWatermarks(try await fresh())
        case .parksOnceInOrder: try await Self.checkParking(try await fresh())
        case .findsWhatIsDue: try await Self.checkDueLines(try await fresh())
        case .listsDeadLetters: try await Self.checkDeadLetters(try await fresh())
        case .keepsEffects: try await Self.checkEffects(try await fresh())
        case .forgetsWhatWasRolledBack: try await Self.checkRollback(try await fresh())
        case .refusesWritesWhenReading: try await Self.checkReadOnly(try await fresh())
        case .handlesEachEventOnce: try await Self.checkOnce(ConsumerFixture(try await fresh()))
        case .toleratesDuplicatesAtAnyDistance: try await Self.checkDuplicates(ConsumerFixture(try await fresh()))
        case .survivesLostAnswers: try await Self.checkLostAnswers(ConsumerFixture(try await fresh()))
        case .retriesWithPauses: try await Self.checkRetries(ConsumerFixture(try await fresh()))
        case .parksPermanentFailuresAtOnce: try await Self.checkPermanent(ConsumerFixture(try await fresh()))
        case .keepsOtherKeysGoing: try await Self.checkOtherKeys(ConsumerFixture(try await fresh()))
        case .redrivesInOrder: try await Self.checkRedrive(ConsumerFixture(try await fresh()))
        case .discardsOne: try await Self.checkDiscard(ConsumerFixture(try await fresh()))
        case .keepsConsumersApart: try await Self.checkIsolation(ConsumerFixture(try await fresh()))
        case .startsAgainWithANewEpoch: try await Self.checkEpochs(ConsumerFixture(try await fresh()))
        case .sharesASource: try await Self.checkPartitions(ConsumerFixture(try await fresh()))
        case .handlesOnlyItsTypes: try await Self.checkTypes(ConsumerFixture(try await fresh()))
        case .toleratesTwoOwners: try await Self.checkTwoOwners(ConsumerFixture(try await fresh()))
        case .toleratesBeingOvertaken: try await Self.checkOvertaking(ConsumerFixture(try await fresh()))
        case .agreesWithTheNaiveModel:
            for seed in UInt64(1)...12 { try await ConsumerWalk(seed: seed).run(on: try await fresh()) }
        }
    }
}
