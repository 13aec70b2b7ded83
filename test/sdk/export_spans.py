"""Hands spans to an exporter of the OpenTelemetry SDK for Python in one call, and prints how it ended: SUCCESS or FAILURE.

usage: export_spans.py grpc|http ENDPOINT NAME=BYTES...     a span each, with an attribute of so many bytes
"""

import sys

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

protocol, endpoint, *spans = sys.argv[1:]
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    exporter = OTLPSpanExporter(endpoint=endpoint, insecure=True)
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")

ended = InMemorySpanExporter()
tracers = TracerProvider(resource=Resource.create({"service.name": "trainer"}))
tracers.add_span_processor(SimpleSpanProcessor(ended))
for span in spans:
    name, size = span.split("=")
    tracers.get_tracer("training").start_span(name, attributes={"payload": "x" * int(size)}).end()

print(exporter.export(ended.get_finished_spans()).name)
exporter.shutdown()
