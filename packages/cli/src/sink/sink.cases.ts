/** A sink on real sockets and clients of both protocols, for the tests of everything that makes up a sink. */
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { systemClock } from "@rondo/core";
import { EXPORT_METHODS, type Signal } from "@rondo/otlp";
import { requestFromJson } from "@rondo/otlp/json";
import { type Sink, type SinkOptions, startSink } from "./sink.ts";

export const ANY = { host: "127.0.0.1", port: 0 };

/** A sink with the listeners `otlp/a` (gRPC and HTTP) and `otlp/b` (HTTP). */
export function openSink(options: Partial<SinkOptions> = {}): Promise<Sink> {
  const listeners = [
    { name: "otlp/a", grpc: ANY, http: ANY },
    { name: "otlp/b", http: ANY },
  ];
  return startSink({ listeners, status: ANY, clock: systemClock, ...options });
}

/** The protobuf bytes of a request that is written as OTLP/JSON. */
export function encode(signal: Signal, shape: object): Uint8Array {
  return requestFromJson(signal, Buffer.from(JSON.stringify(shape)));
}

/** A request with one log record for each time. */
export function logs(...times: (number | bigint)[]): Uint8Array {
  const logRecords = times.map((time) => ({ timeUnixNano: String(time), body: { stringValue: "hello" } }));
  return encode("logs", { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
}

/** The value, which the test knows to be there. */
export function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not there");
  return value;
}

/** POSTs to a listener. */
export function post(
  sink: Sink,
  name: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
  path = "/v1/logs",
): Promise<Response> {
  return fetch(`${sink.listener(name).http}${path}`, {
    method: "POST",
    body: Buffer.from(body),
    headers: { "content-type": "application/x-protobuf", ...headers },
    signal: AbortSignal.timeout(2000),
  });
}

/** Calls `otlp/a` once with the library that SDKs use; resolves with its error, null when the call went well. */
export function call(
  sink: Sink,
  body: Uint8Array,
  { gzip = false, path = EXPORT_METHODS.logs, timeoutMs = 2000 } = {},
): Promise<ServiceError | null> {
  const client = new Client(known(sink.listener("otlp/a").grpc), credentials.createInsecure(), {
    ...(gzip && { "grpc.default_compression_algorithm": 2 }),
  });
  const same = (bytes: Buffer) => bytes;
  const deadline = { deadline: Date.now() + timeoutMs };
  return new Promise((resolve) =>
    client.makeUnaryRequest(path, same, same, Buffer.from(body), new Metadata(), deadline, (error) => {
      client.close();
      resolve(error);
    }),
  );
}
