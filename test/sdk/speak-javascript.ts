/** A small program instrumented with the OpenTelemetry SDK for JavaScript, as its documentation has it. */
import { SeverityNumber, SpanKind } from "@opentelemetry/api";
import { OTLPLogExporter as GrpcLogs } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtoLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as GrpcMetrics } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as JsonMetrics } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtoMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcTraces } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { RUN_KEY, type Said } from "./said.ts";

/** The exporters of each protocol, aimed at a receiver. */
export const PROTOCOLS = {
  grpc: ({ grpc }: { readonly grpc: number; readonly http: number }) => {
    const url = `http://127.0.0.1:${grpc}`;
    return { traces: new GrpcTraces({ url }), metrics: new GrpcMetrics({ url }), logs: new GrpcLogs({ url }) };
  },
  "http/protobuf": ({ http }: { readonly grpc: number; readonly http: number }) => {
    const url = `http://127.0.0.1:${http}/v1`;
    return {
      traces: new ProtoTraces({ url: `${url}/traces` }),
      metrics: new ProtoMetrics({ url: `${url}/metrics` }),
      logs: new ProtoLogs({ url: `${url}/logs` }),
    };
  },
  "http/json": ({ http }: { readonly grpc: number; readonly http: number }) => {
    const url = `http://127.0.0.1:${http}/v1`;
    return {
      traces: new JsonTraces({ url: `${url}/traces` }),
      metrics: new JsonMetrics({ url: `${url}/metrics` }),
      logs: new JsonLogs({ url: `${url}/logs` }),
    };
  },
} as const;

/** Emits all three signals over one protocol, flushes, and says what it emitted. Throws when an exporter gives up. */
export async function speak(
  protocol: keyof typeof PROTOCOLS,
  ports: { readonly grpc: number; readonly http: number },
  run: string,
): Promise<Said> {
  const exporters = PROTOCOLS[protocol](ports);
  const resource = resourceFromAttributes({ "service.name": "trainer", [RUN_KEY]: run });
  const tracers = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: exporters.traces })],
  });
  const meters = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter: exporters.metrics })],
  });
  const loggers = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: exporters.logs })],
  });

  const tracer = tracers.getTracer("training", "1.0.0");
  const traces = Array.from({ length: 5 }, (_, epoch) => {
    const span = tracer.startSpan(`epoch ${epoch}`, {
      kind: SpanKind.INTERNAL,
      attributes: { epoch, share: epoch / 3, last: epoch === 4, layers: ["in", "out"], label: `ümlaut ${epoch}` },
    });
    span.addEvent("evaluated", { loss: 1 / (epoch + 1) });
    span.end();
    const { traceId, spanId } = span.spanContext();
    return `${traceId}:${spanId}:epoch ${epoch}`;
  });

  const meter = meters.getMeter("training", "1.0.0");
  meter.createCounter("training.steps").add(42, { phase: "fit" });
  meter.createGauge("training.loss").record(0.25);
  const duration = meter.createHistogram("training.duration", { unit: "s" });
  for (const seconds of [0.1, 2, 30]) duration.record(seconds);

  const logger = loggers.getLogger("training", "1.0.0");
  const logs = Array.from({ length: 5 }, (_, epoch) => {
    const body = `epoch ${epoch} took ${epoch + 1} s`;
    logger.emit({ severityNumber: SeverityNumber.INFO, severityText: "INFO", body, attributes: { epoch } });
    return body;
  });

  await Promise.all([tracers.forceFlush(), meters.forceFlush(), loggers.forceFlush()]);
  await Promise.all([tracers.shutdown(), meters.shutdown(), loggers.shutdown()]);
  return {
    traces: traces.sort(),
    metrics: ["training.duration=3", "training.loss=0.25", "training.steps=42"],
    logs: logs.sort(),
  };
}
