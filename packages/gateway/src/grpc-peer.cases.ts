/** A gRPC client of single frames, for what no real client sends. */
import { connect as connectHttp2 } from "node:http2";

/** The paths of the Export methods. */
export const METHODS = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
} as const;

/** Sends a call on a connection of its own; resolves with its `grpc-status`, or `http N`, or undefined when it was just cut. */
export function bare(
  port: number,
  path: string,
  headers: Record<string, string>,
  write: (send: (bytes: Buffer) => void, end: () => void) => void,
) {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  return new Promise<string | undefined>((resolve) => {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    let status: string | undefined;
    const take = (given: Record<string, unknown>) => {
      status ??=
        given["grpc-status"]?.toString() ?? (given[":status"] === 200 ? undefined : `http ${given[":status"]}`);
    };
    stream
      .on("response", take)
      .on("trailers", take)
      .on("error", () => {})
      .resume();
    stream.on("close", () => {
      session.destroy();
      resolve(status);
    });
    write(
      (bytes) => stream.write(bytes),
      () => stream.end(),
    );
  });
}

/** A message with its prefix, which may lie. */
export function frame(message: Uint8Array, compressed = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}
