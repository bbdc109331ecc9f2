import Essentials

/// A call that goes through a pipeline step by step, for callers that cannot run it as a closure, such as an event loop.
///
/// ```swift
/// var passage = try orders.enter(.critical)
/// if passage.isQueued { try await passage.wait() }
/// // … the call …
/// passage.leave(.success)
/// ```
public struct Passage: Sendable {
    private let section: Section
    private var journey: Journey

    fileprivate init(_ section: Section, _ journey: Journey) {
        self.section = section
        self.journey = journey
    }

    /// Whether the call may not go on before ``wait()`` has returned.
    public var isQueued: Bool { !self.journey.callsBody }

    /// Returns when the call may go on.
    /// - Throws: ``Refusal`` or `CancellationError` when it may not; the passage then holds nothing any more.
    public mutating func wait() async throws {
        do {
            while case .wait(let gate, let permit) = self.journey.next {
                do {
                    self.journey.admit(try await gate.wait(permit, self.journey.call))
                } catch {
                    try self.section.fail(error, &self.journey)
                }
                try self.section.enter(&self.journey)
            }
        } catch {
            self.journey.report(error)
            throw error
        }
    }

    /// The call has ended. To be called once, unless entering or waiting failed.
    public mutating func leave(_ outcome: Outcome) {
        switch outcome {
        case .success:
            self.section.leave(&self.journey)
            self.journey.reportSuccess()
        case .failure(let error):
            self.section.leave(&self.journey, after: error)
            self.journey.report(error)
        }
    }
}

extension Pipeline {
    /// Asks all layers, without waiting for any.
    /// - Parameters:
    ///   - priority: how much the call is needed.
    ///   - traits: whom it is for.
    /// - Throws: ``Refusal``.
    /// - Precondition: all layers are gates.
    public func enter(_ priority: CallPriority, _ traits: CallTraits = CallTraits()) throws -> Passage {
        let section = self.sections[0]
        precondition(
            self.sections.count == 1 && section.retry == nil && section.strategy == nil,
            "pipeline '\(self.name)' has layers that go around a call")
        return try CallPriority.$current.withValue(priority) {
            try CallTraits.$current.withValue(traits) {
                var journey = Journey(self)
                try self.depart(&journey)
                return Passage(section, journey)
            }
        }
    }
}
