import EventSourcing
public import Logging
public import Messaging
public import Sagas

extension Logger {
    /// Logs what a saga engine has to tell that nobody else can learn.
    public func report(_ observation: SagaObservation) {
        switch observation {
        case .journalled: break
        case .fenced(let saga):
            self.debug("a saga was taken over by another engine", metadata: ["saga.id": "\(saga)"])
        case .storeFailed(let message):
            self.error("the saga journal could not be written", metadata: ["error": "\(message)"])
        }
    }

    /// Logs what a consumer has to tell that nobody else can learn.
    public func report(_ report: ConsumerReport) {
        switch report {
        case .handled, .released: break
        case .parked(let event):
            self.warning(
                "an event could not be handled",
                metadata: [
                    "consumer": "\(event.consumer)", "event.id": "\(event.event.id)",
                    "event.type": "\(event.event.type)",
                    "dead": "\(event.isDead)", "error": "\(event.error ?? String())",
                ])
        case .stalled(let consumer, let service, let error, let pause):
            self.debug(
                "a feed could not be read",
                metadata: [
                    "consumer": "\(consumer)", "service": "\(service)", "error": "\(error)", "retry.in": "\(pause)",
                ])
        }
    }

    /// Logs what an effect worker has to tell that nobody else can learn.
    public func report(_ report: EffectReport) {
        switch report {
        case .done: break
        case .failed(let effect):
            self.warning(
                "an effect failed",
                metadata: [
                    "queue": "\(effect.queue)", "effect.id": "\(effect.id)", "attempts": "\(effect.attempts)",
                    "error": "\(effect.error ?? "")",
                ])
        case .stalled(let queue, let error, let pause):
            self.debug(
                "effects could not be read",
                metadata: ["queue": "\(queue)", "error": "\(error)", "retry.in": "\(pause)"])
        }
    }
}
