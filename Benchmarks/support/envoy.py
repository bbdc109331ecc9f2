"""envoy.py plain|full PORT UPSTREAM-PORT JWKS ACCESS-LOG: prints a configuration of Envoy (JSON is YAML)."""
import json, sys

kind, port, upstream, jwks, log = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
extensions = "type.googleapis.com/envoy.extensions."

def address(number):
    return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

def cluster(name, number, **more):
    endpoint = {"endpoint": {"address": address(number)}}
    return {"name": name, "type": "STATIC", "connect_timeout": "5s",
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}, **more}

router = {"name": "envoy.filters.http.router",
          "typed_config": {"@type": extensions + "filters.http.router.v3.Router"}}
manager = {"@type": extensions + "filters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "f",
           "generate_request_id": kind == "full",
           "route_config": {"virtual_hosts": [{"name": "v", "domains": ["*"],
                                               "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "u"}}]}]},
           "http_filters": [router]}
clusters = [cluster("u", upstream)]
if kind == "full":
    with open(jwks) as file:
        keys = file.read()
    provider = {"issuer": "mainstay", "audiences": ["mainstay"], "local_jwks": {"inline_string": keys}, "forward": True,
                "jwt_cache_config": {"jwt_cache_size": 4096}}
    jwt = {"@type": extensions + "filters.http.jwt_authn.v3.JwtAuthentication", "providers": {"p": provider},
           "rules": [{"match": {"prefix": "/v1/orders"}, "requires": {"provider_name": "p"}}]}
    bucket = {"max_tokens": 1_000_000, "tokens_per_fill": 1_000_000, "fill_interval": "1s"}
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    limit = {"@type": extensions + "filters.http.local_ratelimit.v3.LocalRateLimit", "stat_prefix": "l",
             "token_bucket": bucket, "filter_enabled": always, "filter_enforced": always}
    line = {"time": "%START_TIME%", "request": "%REQ(X-REQUEST-ID)%", "trace": "%REQ(TRACEPARENT)%",
            "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
            "line": "%REQ(:METHOD)% %REQ(:PATH)%", "status": "%RESPONSE_CODE%", "ending": "%RESPONSE_FLAGS%",
            "received": "%BYTES_RECEIVED%", "sent": "%BYTES_SENT%", "milliseconds": "%DURATION%",
            "upstream": "%UPSTREAM_HOST%", "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
            "answered": "%RESPONSE_DURATION%"}
    manager["access_log"] = [{"name": "envoy.access_loggers.file", "typed_config": {
        "@type": extensions + "access_loggers.file.v3.FileAccessLog", "path": log,
        "log_format": {"json_format": line}}}]
    # Trace headers are continued or begun and passed on; spans are recorded by neither of the two.
    manager["tracing"] = {"random_sampling": {"value": 0}, "provider": {
        "name": "envoy.tracers.opentelemetry", "typed_config": {
            "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig", "service_name": "bench",
            "grpc_service": {"envoy_grpc": {"cluster_name": "spans"}, "timeout": "1s"}}}}
    manager["http_filters"] = [
        {"name": "envoy.filters.http.local_ratelimit", "typed_config": limit},
        {"name": "envoy.filters.http.jwt_authn", "typed_config": jwt}, router]
    threshold = {"priority": "DEFAULT", "max_connections": 1024, "max_pending_requests": 256, "max_requests": 1024,
                 "track_remaining": True}
    clusters = [cluster("u", upstream, circuit_breakers={"thresholds": [threshold]},
                        outlier_detection={"consecutive_5xx": 5},
                        health_checks=[{"timeout": "5s", "interval": "10s", "unhealthy_threshold": 1,
                                        "healthy_threshold": 1, "http_health_check": {"path": "/health/ready"}}]),
                cluster("spans", 1, http2_protocol_options={})]
listener = {"address": address(port), "filter_chains": [{"filters": [
    {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}
print(json.dumps({"static_resources": {"listeners": [listener], "clusters": clusters}}))
