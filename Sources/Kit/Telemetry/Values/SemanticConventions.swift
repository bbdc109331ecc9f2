/// Names of OpenTelemetry's semantic conventions (1.37), as far as the platform uses them.
public enum SemanticConventions {
    public static let serviceName = "service.name"
    public static let serviceVersion = "service.version"
    public static let serviceInstance = "service.instance.id"

    public static let httpMethod = "http.request.method"
    public static let httpRoute = "http.route"
    public static let httpStatus = "http.response.status_code"
    public static let httpResendCount = "http.request.resend_count"
    public static let urlPath = "url.path"
    public static let urlScheme = "url.scheme"
    public static let serverAddress = "server.address"
    public static let serverPort = "server.port"
    public static let clientAddress = "client.address"
    public static let peerService = "peer.service"

    public static let databaseSystem = "db.system.name"
    public static let databaseNamespace = "db.namespace"
    public static let databaseOperation = "db.operation.name"
    public static let databaseSummary = "db.query.summary"

    public static let messagingSystem = "messaging.system"
    public static let messagingDestination = "messaging.destination.name"
    public static let messagingOperation = "messaging.operation.type"

    public static let errorType = "error.type"
    public static let exceptionEvent = "exception"
    public static let exceptionType = "exception.type"
    public static let exceptionMessage = "exception.message"

    /// On the one series that counts for all that found no place.
    public static let metricOverflow = "otel.metric.overflow"

    /// Histograms of the conventions, in seconds.
    public static let serverRequestDuration = "http.server.request.duration"
    public static let clientRequestDuration = "http.client.request.duration"
    public static let databaseOperationDuration = "db.client.operation.duration"
}
