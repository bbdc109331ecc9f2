import Chassis
import ChassisHTTP
import Essentials
import Foundation
import Gateway
import GatewayCore
import HTTPTransport
import Logging
import ServiceLifecycle

extension Platform {
    /// What serves the gateway to the world: event loops of its own where there are some.
    func front(_ gateway: GatewayService, ready: Readiness) throws -> any ServiceLifecycle.Service {
        #if os(Linux)
            let log = try self.settings.accessLog.map { try self.accessLog(at: $0) }
            return FrontHost(platform: self, gateway: gateway, log: log, ready: ready)
        #else
            return self.host(
                "gateway", gateway.handler, host: self.settings.host, port: self.settings.port, ready: ready)
        #endif
    }

    /// - Throws: a ``CommandFailure`` when the file cannot be written.
    private func accessLog(at path: String) throws -> AccessLog {
        var configuration = AccessLog.Configuration()
        configuration.format = self.settings.accessLogFormat
        let file: FileHandle
        if path == "-" {
            file = .standardOutput
        } else {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else {
                throw CommandFailure.environment(
                    "the access log \(path) cannot be written: \(String(cString: strerror(errno)))")
            }
            file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        }
        return AccessLog(configuration, on: DedicatedThread(name: "mainstay-log")) { lines in
            do {
                try file.write(contentsOf: lines)
            } catch {
                Terminal.error("error: the access log cannot be written: \(error)")
            }
        }
    }
}

#if os(Linux)
    /// The gateway on event loops, as a part of the platform.
    struct FrontHost: ServiceLifecycle.Service {
        let platform: Platform
        let gateway: GatewayService
        let log: AccessLog?
        let ready: Readiness

        func run() async throws {
            let settings = self.platform.settings
            let certificates = try FrontCertificates(settings.gateway.certificates, wallClock: self.platform.wallClock)
            let edge = try self.edge(certificates)
            self.platform.addresses.observe { service, address in edge.setAddress(address, of: service) }
            let address = HostAndPort(host: settings.host, port: Int(edge.endpoint.port))
            self.platform.addresses.register("gateway", at: "\(address)")
            self.ready.arrived("gateway", port: Int(edge.endpoint.port))
            let limit = settings.drain
            try await withThrowingTaskGroup(of: Void.self) { group in
                let reload = ConfigurationReload(
                    file: settings.file, control: self.gateway.control, certificates: certificates,
                    time: self.platform.time, logger: self.platform.logger)
                group.addTask { await reload.whenTold() }
                group.addTask { await reload.whenChanged() }
                try await withTaskCancellationHandler {
                    try await withGracefulShutdownHandler {
                        try await edge.run()
                    } onGracefulShutdown: {
                        edge.drain(within: limit)
                    }
                } onCancel: {
                    edge.drain(within: .zero)
                }
                group.cancelAll()
            }
        }

        private func edge(_ certificates: FrontCertificates?) throws -> GatewayEdge {
            let settings = self.platform.settings
            let host = settings.host == "localhost" ? "127.0.0.1" : settings.host
            let listen = Endpoint(host, UInt16(settings.port))
            guard listen.isNumeric else {
                throw CommandFailure.environment("the gateway listens on an address, not on the name \(host)")
            }
            var configuration = GatewayEdge.Configuration(listen: listen)
            configuration.loops = settings.gatewayLoops
            configuration.accessLog = self.log
            configuration.tls = certificates?.server
            do {
                return try GatewayEdge(self.gateway, configuration)
            } catch let error as SocketError where error.number == EADDRINUSE {
                throw HTTPHost.PortInUse(host: settings.host, port: settings.port)
            }
        }
    }
#endif
