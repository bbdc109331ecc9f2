#if PlantedFaults
    import Synchronization

    /// Mistakes that somebody might make, built in on purpose where somebody might make them, to show that the simulator
    /// finds them. They exist only in a build with the package trait `PlantedFaults`, and one at a time works only after
    /// ``plant(_:)``.
    public enum PlantedFault: String, CaseIterable, Sendable {
        // Sagas
        case skipFence, compensateInOrder, compensateOnlySuccesses, dropTimerOnRestart, dropFailedCompensation
        case oneKeyForAllSteps
        // Storage
        case acknowledgeBeforeFlush, acknowledgeFailedCommit, keepFailedTransaction
        // Messaging and read models
        case forgetInbox, watermarkBeforeEffect, watermarkTooFar, applyPageBackwards
        case effectDoneBeforeSent, newIdentityAtEachSend, projectorSkipsEvent
        // Ledger
        case postHoldTwice, ignoreVoidTombstone
        // Orders
        case keyOutsideTransaction, checkoutOutsideTransaction, cancelWithoutAskingShipping, goodsNeverReturned
        case neverRefundInCompensation, confirmBeforeCapture
        // Payments and inventory
        case guessUnknownPayment, askAgainUnderNewID, neverReconcile, captureTwice, refundTwice
        case ignorePaymentTombstone, ignoreHoldTombstone
        // Transfers and users
        case keepDebitLeg, acceptUsedRefreshToken

        private static let chosen = Mutex<PlantedFault?>(nil)

        /// Makes one mistake work, or none.
        public static func plant(_ fault: PlantedFault?) { self.chosen.withLock { $0 = fault } }

        /// Whether this mistake is to be made now.
        public var isPlanted: Bool { Self.chosen.withLock { $0 == self } }
    }
#endif
