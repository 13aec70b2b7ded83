/** OTLP's two transports as facts: paths, methods and the framing of gRPC. https://opentelemetry.io/docs/specs/otlp */
import type { Carried, Signal } from "@rondo/otlp";

/** The URL paths of OTLP/HTTP. */
export const HTTP_PATHS: Readonly<Record<Carried, string>> = {
  traces: "/v1/traces",
  metrics: "/v1/metrics",
  logs: "/v1/logs",
  profiles: "/v1development/profiles",
};

/** The `:path` of OTLP/gRPC's export methods. */
export const GRPC_PATHS: Readonly<Record<Carried, string>> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  profiles: "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
};

/** The signal that a path stands for, of either transport. */
export function signalOfPath(paths: Readonly<Record<Signal, string>>, path: string): Signal | undefined {
  if (path === paths.traces) return "traces";
  if (path === paths.metrics) return "metrics";
  if (path === paths.logs) return "logs";
  return undefined;
}

/** The five bytes before a gRPC message: a flag for compression, and its length, big-endian. */
export function grpcFrameHead(length: number, compressed: boolean): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed ? 1 : 0;
  head.writeUInt32BE(length, 1);
  return head;
}

/** The message of a unary call's body; throws when it is not exactly one uncompressed frame. */
export function grpcMessage(body: Buffer): Buffer {
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5)
    throw new Error(`not one uncompressed gRPC frame: ${body.length} bytes`);
  return body.subarray(5);
}
