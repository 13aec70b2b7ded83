/** OTLP over gRPC, the sending side, with the library that SDKs use, so that a replay is what their clients would send. */
import { Client, compressionAlgorithms, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { decodeResponse, decodeStatus, EXPORT_METHODS } from "@rondo/otlp";
import { type Outgoing, type Sender, type Sent, TRY_TIMEOUT_MS } from "./send.ts";

/**
 * Retryable by the table in "OTLP/gRPC Response"; RESOURCE_EXHAUSTED is only when the answer carries RetryInfo. As strict as
 * clients are, see send-http.ts.
 */
const RETRYABLE: ReadonlySet<status> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** Bodies are bytes on both sides of the call: nothing is decoded to be sent. */
const asItIs = (bytes: Buffer) => bytes;

/** A Sender to `HOST:PORT`, without TLS. `now` is wall time in milliseconds. */
export function grpcSender(target: string, now: () => number): Sender {
  const clientFor = (encoding: "" | "gzip") =>
    new Client(target, credentials.createInsecure(), {
      "grpc.max_send_message_length": -1,
      // A dead server is tried again by the replay's own back-off; the library's would add up to two minutes.
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1000,
      ...(encoding === "gzip" && { "grpc.default_compression_algorithm": compressionAlgorithms.gzip }),
    });
  // Connections are opened by the first call, so a client that is never used costs none.
  const clients = { "": clientFor(""), gzip: clientFor("gzip") };
  return {
    target,
    close() {
      for (const client of Object.values(clients)) client.close();
    },
    send: ({ signal, body, encoding }: Outgoing, abort) =>
      new Promise<Sent>((resolve) => {
        const message = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
        const deadline = { deadline: now() + TRY_TIMEOUT_MS };
        const call = clients[encoding].makeUnaryRequest(
          ...([EXPORT_METHODS[signal], asItIs, asItIs, message, new Metadata(), deadline] as const),
          (error, answer) => {
            abort.removeEventListener("abort", cancel);
            resolve(error === null ? accepted(answer) : failed(error));
          },
        );
        const cancel = () => call.cancel();
        abort.addEventListener("abort", cancel, { once: true });
        if (abort.aborted) cancel();
      }),
  };
}

/** The library gives no message when the server sent an empty one. */
function accepted(answer: Buffer | undefined): Sent {
  const partial = answer === undefined ? undefined : decodeResponse(answer);
  return { kind: "acked", rejected: partial?.rejected ?? 0, message: partial?.message ?? "" };
}

function failed(error: ServiceError): Sent {
  const why = `gRPC ${status[error.code]}: ${error.details}`;
  const afterMs = retryInfo(error);
  if (RETRYABLE.has(error.code) || (error.code === status.RESOURCE_EXHAUSTED && afterMs !== undefined)) {
    return { kind: "retry", why, ...(afterMs !== undefined && { afterMs }) };
  }
  return { kind: "refused", why };
}

/** The delay in google.rpc.RetryInfo, which travels in the trailer for details. */
function retryInfo(error: ServiceError): number | undefined {
  const [details] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (!(details instanceof Buffer)) return undefined;
  try {
    return decodeStatus(details).retryDelayMs;
  } catch {
    return undefined;
  }
}
