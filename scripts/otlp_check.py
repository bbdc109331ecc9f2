#!/usr/bin/env python3
"""Checks telemetry against the official classes: OTLP against opentelemetry-proto, /metrics against prometheus-client.

Requests of the official classes go through our decoder and encoder and must come out with the same meaning; our own
requests must parse without a single unknown field; our text must pass the strict OpenMetrics parser. Needs a debug
build of the tests. Installs its two packages into a virtual environment of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["opentelemetry-proto==1.45.2", "prometheus-client==0.26.0"]


def inside_venv():
    """Starts this script again with the packages it needs."""
    home = ROOT / ".build" / "otlp-venv"
    python = home / "bin" / "python"
    if not python.exists():
        if subprocess.run([ROOT / "scripts" / "setup.sh", "fuzz"]).returncode != 0:
            sys.exit(3)
        venv.create(home, with_pip=True)
    probe = subprocess.run([python, "-c", "import opentelemetry.proto, prometheus_client"], capture_output=True)
    if probe.returncode != 0:
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        if subprocess.run(pip).returncode != 0:
            sys.exit(3)
    os.execv(python, [str(python), __file__, *sys.argv[1:]])


def requests():
    """One request of each signal with everything in it that OTLP has."""
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

    def attribute(key, **value):
        return KeyValue(key=key, value=AnyValue(**value))

    every = [
        attribute("s", string_value="é\n\"x\""), attribute("e", string_value=""), attribute("t", bool_value=True),
        attribute("f", bool_value=False), attribute("i", int_value=-(2**63)), attribute("z", int_value=0),
        attribute("d", double_value=-1.25e300), attribute("b", bytes_value=b"\x00\xff"), KeyValue(key="n", value=AnyValue()),
        attribute("a", array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue(string_value="x")])),
        attribute("m", kvlist_value=KeyValueList(values=[attribute("k", string_value="v")])),
    ]
    trace, span, parent = bytes(range(1, 17)), bytes(range(1, 9)), bytes(range(2, 10))
    now = 1767225600123456789

    traces = ExportTraceServiceRequest()
    source = traces.resource_spans.add()
    source.resource.attributes.extend([attribute("service.name", string_value="checkout")] + every)
    scope = source.scope_spans.add()
    scope.scope.name, scope.scope.version = "library", "1.2"
    for kind in range(0, 6):
        one = scope.spans.add(trace_id=trace, span_id=span, name=f"span {kind}", kind=kind, attributes=every,
                              start_time_unix_nano=now, end_time_unix_nano=now + kind, flags=0x101 | (0x200 if kind else 0),
                              dropped_attributes_count=kind, dropped_events_count=1, dropped_links_count=2)
        if kind:
            one.parent_span_id, one.trace_state = parent, "a=1,b=2"
        one.events.add(name="exception", time_unix_nano=now, attributes=every)
        one.links.add(trace_id=trace, span_id=parent, attributes=every)
        one.status.code = kind % 3
        if kind % 3 == 2:
            one.status.message = "it failed"

    logs = ExportLogsServiceRequest()
    source = logs.resource_logs.add()
    source.resource.attributes.extend([attribute("service.name", string_value="checkout")])
    scope = source.scope_logs.add()
    scope.scope.name = "logger"
    for number, body in enumerate(every):
        scope.log_records.add(time_unix_nano=now, observed_time_unix_nano=now, severity_number=[1, 5, 9, 10, 13, 17, 21][number % 7],
                              severity_text="INFO", body=body.value, attributes=every, trace_id=trace, span_id=span)

    metrics = ExportMetricsServiceRequest()
    source = metrics.resource_metrics.add()
    source.resource.attributes.extend([attribute("service.name", string_value="checkout")])
    scope = source.scope_metrics.add()
    scope.scope.name = "meter"
    at = {"start_time_unix_nano": now, "time_unix_nano": now + 1, "attributes": every}
    example = {"time_unix_nano": now, "as_double": 1.5, "trace_id": trace, "span_id": span}
    one = scope.metrics.add(name="gauge", unit="By", description="a gauge")
    one.gauge.data_points.add(as_double=-0.5, **at).exemplars.add(**example)
    one.gauge.data_points.add(as_int=-7, **at)
    for monotonic, temporality in ((True, 2), (False, 2), (True, 1)):
        one = scope.metrics.add(name=f"sum {monotonic} {temporality}")
        one.sum.data_points.add(as_int=2**62, **at)
        one.sum.is_monotonic, one.sum.aggregation_temporality = monotonic, temporality
    one = scope.metrics.add(name="explicit", unit="s")
    one.histogram.aggregation_temporality = 2
    point = one.histogram.data_points.add(count=6, sum=9.5, min=0.5, max=4.0, bucket_counts=[1, 2, 3], explicit_bounds=[1.0, 2.0], **at)
    point.exemplars.add(**example)
    one.histogram.data_points.add(count=2, **at)
    one = scope.metrics.add(name="exponential", unit="s")
    one.exponential_histogram.aggregation_temporality = 2
    point = one.exponential_histogram.data_points.add(count=7, sum=-1.5, scale=-2, zero_count=1, min=-3.0, max=2.0, **at)
    point.positive.offset, point.negative.offset = -5, 7
    point.positive.bucket_counts.extend([1, 0, 2**40])
    point.negative.bucket_counts.extend([3])
    point.exemplars.add(**example)
    one = scope.metrics.add(name="summary")
    point = one.summary.data_points.add(count=3, sum=4.5, **at)
    point.quantile_values.add(quantile=0.5, value=1.5)
    return {"traces": traces, "logs": logs, "metrics": metrics}


IDS = {"traceId", "spanId", "parentSpanId"}


def as_otlp_json(request):
    """OTLP's JSON is protobuf's, but for ids in hexadecimal and enumerations as numbers."""
    import base64

    from google.protobuf.json_format import MessageToDict

    def with_hexadecimal_ids(value):
        if isinstance(value, list):
            return [with_hexadecimal_ids(element) for element in value]
        if isinstance(value, dict):
            return {key: base64.b64decode(inner).hex() if key in IDS else with_hexadecimal_ids(inner)
                    for key, inner in value.items()}
        return value

    return json.dumps(with_hexadecimal_ids(MessageToDict(request, use_integers_for_enums=True)))


def unknown_fields(message, path=""):
    """Fields that the official classes do not know, at any depth."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    found = [f"{path}: field {field.field_number}" for field in UnknownFieldSet(message)]
    for descriptor, value in message.ListFields():
        if descriptor.message_type is not None:
            for inner in value if not hasattr(value, "ListFields") else [value]:
                found += unknown_fields(inner, f"{path}/{descriptor.name}")
    return found


def plain(message):
    """The meaning of a message, where a number that is its default is as good as none."""
    from google.protobuf.json_format import MessageToDict

    def without_defaults(value):
        if isinstance(value, list):
            return [without_defaults(element) for element in value]
        if isinstance(value, dict):
            kept = {key: without_defaults(inner) for key, inner in value.items()}
            droppable = {"status", "positive", "negative"}
            return {key: inner for key, inner in kept.items() if not (key in droppable and inner == {})}
        return value

    return without_defaults(MessageToDict(message))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=Path, help="the test bundle; default: that of the debug build")
    parser.add_argument("--keep", type=Path, help="a folder for the exchanged files, which are then kept")
    arguments = parser.parse_args()
    tests = arguments.tests or ROOT / ".build" / "debug" / "mainstayPackageTests.xctest"
    if not tests.exists():
        print(f"{tests} is missing: swift build --build-tests makes it", file=sys.stderr)
        sys.exit(3)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        sys.exit(check(tests, folder))


def check(tests, folder):
    theirs = requests()
    for signal, request in theirs.items():
        (folder / f"theirs.{signal}.pb").write_bytes(request.SerializeToString())
        (folder / f"theirs.{signal}.json").write_text(as_otlp_json(request))
    run = subprocess.run([tests, "--testing-library", "swift-testing", "--filter", "OTLPExchangeTests"],
                         env={**os.environ, "OTLP_EXCHANGE": str(folder)}, capture_output=True, text=True)
    if run.returncode != 0:
        print(run.stdout, run.stderr)
        return 1
    problems = []
    for signal, request in theirs.items():
        for form in ("pb", "json"):
            echo = type(request).FromString((folder / f"echo.{form}.{signal}.pb").read_bytes())
            if plain(echo) != plain(request):
                problems.append(f"{signal} as {form} came back with another meaning")
                (folder / f"expected.{signal}.txt").write_text(json.dumps(plain(request), indent=1, sort_keys=True))
                (folder / f"got.{form}.{signal}.txt").write_text(json.dumps(plain(echo), indent=1, sort_keys=True))
        ours = type(request).FromString((folder / f"ours.{signal}.pb").read_bytes())
        problems += [f"our {signal}{field}" for field in unknown_fields(ours)]
        if not ours.ByteSize():
            problems.append(f"our {signal} are empty")
    problems += check_spans(folder) + check_partial(folder) + check_text(folder)
    for problem in problems:
        print(problem)
    print(f"otlp_check {'failed' if problems else 'passed'}: 3 signals x 2 forms, our exports, /metrics")
    return 1 if problems else 0


def check_spans(folder):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    ours = ExportTraceServiceRequest.FromString((folder / "ours.traces.pb").read_bytes())
    spans = [span for source in ours.resource_spans for scope in source.scope_spans for span in scope.spans]
    seen = sorted(f"{span.trace_id.hex()} {span.span_id.hex()} {span.start_time_unix_nano} {span.end_time_unix_nano} "
                  f"{len(span.attributes)}" for span in spans)
    return [] if seen == (folder / "ours.spans.txt").read_text().split("\n") else ["our spans are read as others"]


def check_partial(folder):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    answer = ExportTraceServiceResponse.FromString((folder / "ours.partial.pb").read_bytes()).partial_success
    return [] if (answer.rejected_spans, answer.error_message) == (3, "no ids") else ["our partial success is another"]


def check_text(folder):
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    text = (folder / "ours.metrics.txt").read_text()
    try:
        families = {family.name: family for family in text_string_to_metric_families(text)}
    except ValueError as error:
        return [f"/metrics: {error}"]
    problems = []
    expected = {"orders_placed": "counter", "_9_lives": "gauge", "pool_used": "gauge", "delta": "histogram",
                "response_size_bytes": "histogram", "http_server_request_duration_seconds": "histogram", "a_b": "counter"}
    if {name: family.type for name, family in families.items()} != expected:
        problems.append(f"/metrics: {[(name, family.type) for name, family in families.items()]}")
    else:
        placed = families["orders_placed"].samples
        if sum(sample.value for sample in placed) != 27 or not any("otel_metric_overflow" in sample.labels for sample in placed):
            problems.append("/metrics: the overflow series does not hold the rest")
        if not any(sample.exemplar for sample in families["http_server_request_duration_seconds"].samples):
            problems.append("/metrics: no exemplar")
    return problems


if __name__ == "__main__":
    if sys.prefix == sys.base_prefix:
        inside_venv()
    main()
