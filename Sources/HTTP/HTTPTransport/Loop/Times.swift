#if os(Linux)
    import Essentials

    /// The limits of a configuration in milliseconds.
    struct Times {
        let header: Int64
        let idle: Int64
        let body: Int64
        let connect: Int64
        let upstream: Int64
        let upstreamIdle: Int64
        let tunnel: Int64

        init(_ configuration: ProxyConfiguration) {
            self.header = configuration.headerTimeout.milliseconds
            self.idle = configuration.idleTimeout.milliseconds
            self.body = configuration.bodyTimeout.milliseconds
            self.connect = configuration.connectTimeout.milliseconds
            self.upstream = configuration.upstreamTimeout.milliseconds
            self.upstreamIdle = configuration.upstreamIdleTimeout.milliseconds
            self.tunnel = configuration.tunnelTimeout.milliseconds
        }
    }
#endif
