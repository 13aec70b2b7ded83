"""A small program instrumented with the OpenTelemetry SDK for Python; prints what it emitted as JSON.

usage: speak.py grpc|http ENDPOINT RUN
"""

import json
import logging
import sys

from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

protocol, endpoint, run = sys.argv[1:]
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    spans = OTLPSpanExporter(endpoint=endpoint, insecure=True)
    points = OTLPMetricExporter(endpoint=endpoint, insecure=True)
    records = OTLPLogExporter(endpoint=endpoint, insecure=True)
else:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    spans = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")
    points = OTLPMetricExporter(endpoint=f"{endpoint}/v1/metrics")
    records = OTLPLogExporter(endpoint=f"{endpoint}/v1/logs")

resource = Resource.create({"service.name": "trainer", "sdk.run": run})
tracers = TracerProvider(resource=resource)
tracers.add_span_processor(BatchSpanProcessor(spans))
meters = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(points)])
loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(BatchLogRecordProcessor(records))

said = {"traces": [], "metrics": ["training.duration=3", "training.steps=42"], "logs": []}

tracer = tracers.get_tracer("training", "1.0.0")
for epoch in range(5):
    with tracer.start_as_current_span(f"epoch {epoch}", attributes={"epoch": epoch, "share": epoch / 3, "label": "ümlaut"}) as span:
        span.add_event("evaluated", {"loss": 1 / (epoch + 1)})
        context = span.get_span_context()
        said["traces"].append(f"{context.trace_id:032x}:{context.span_id:016x}:epoch {epoch}")

meter = meters.get_meter("training", "1.0.0")
meter.create_counter("training.steps").add(42, {"phase": "fit"})
duration = meter.create_histogram("training.duration", unit="s")
for seconds in (0.1, 2.0, 30.0):
    duration.record(seconds)

logger = logging.getLogger("training")
logger.setLevel(logging.INFO)
logger.propagate = False
logger.addHandler(LoggingHandler(logger_provider=loggers))
for epoch in range(5):
    body = f"epoch {epoch} took {epoch + 1} s"
    logger.info(body)
    said["logs"].append(body)

for provider in (tracers, meters, loggers):
    provider.force_flush()
    provider.shutdown()
print(json.dumps({signal: sorted(lines) for signal, lines in said.items()}))
