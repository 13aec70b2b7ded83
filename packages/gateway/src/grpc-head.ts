/** What the headers of a gRPC call say: which method, how its message is compressed, how long the client waits. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { statusHeaders } from "./grpc-status.ts";
import { INFLATABLE } from "./inflate.ts";
import type { Outcome } from "./metrics.ts";
import { GRPC } from "./status-table.ts";

/** What `grpc-encoding` may say besides `identity`: what the Collector's clients know, as far as inflate.ts can undo it. */
const ENCODINGS: readonly string[] = ["gzip", "deflate", "zstd", "snappy"].filter((name) => INFLATABLE.includes(name));

/** The value of `grpc-accept-encoding`. */
export const ACCEPTED_ENCODINGS = ["identity", ...ENCODINGS].join(",");

/** The largest list of headers, each counted with 32 bytes more, RFC 9113 §6.5.2: as on HTTP; gRPC's clients send a few hundred bytes. */
export const HEADER_BYTES = 16 << 10;

/** Milliseconds of the units of `grpc-timeout`. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ["H", 3_600_000],
  ["M", 60_000],
  ["S", 1_000],
  ["m", 1],
  ["u", 1e-3],
  ["n", 1e-6],
]);

/** A call whose message can be read. */
export interface CallHead<M> {
  readonly method: M;
  /** What inflate.ts calls the encoding of compressed messages; undefined when the client named none. */
  readonly compression: string | undefined;
  /** What the client waits from the arrival of the headers on, milliseconds; undefined when it does not say. */
  readonly timeoutMs: number | undefined;
}

/** A call that is refused by its headers: the whole answer, which is headers only. */
export interface BadHead {
  readonly headers: OutgoingHttpHeaders;
  readonly outcome: Outcome;
}

/** The headers of every gRPC answer. */
export const ANSWER_HEADERS = { ":status": 200, "content-type": "application/grpc" } as const;

/**
 * Reads the headers of a call to one of `methods`, by path. gRPC over HTTP/2, "Requests"; what is not gRPC at all is answered in
 * HTTP, everything else with a gRPC status.
 */
export function readHead<M>(headers: IncomingHttpHeaders, methods: ReadonlyMap<string, M>): CallHead<M> | BadHead {
  if (headers[":method"] !== "POST") return { headers: { ":status": 405, allow: "POST" }, outcome: "unsupported" };
  if (!isGrpc(headers["content-type"])) return { headers: { ":status": 415 }, outcome: "unsupported" };
  const method = methods.get(headers[":path"] ?? "");
  if (method === undefined) {
    return refused(
      GRPC.unimplemented,
      "not_found",
      `no pipeline takes data here; known: ${[...methods.keys()].join(", ")}`,
    );
  }
  // HTTP/2 announces the limit, and Node holds clients only to a larger one.
  if (headerBytes(headers) > HEADER_BYTES) {
    return refused(GRPC.invalidArgument, "invalid", `the headers exceed ${HEADER_BYTES} B`);
  }
  const encoding = String(headers["grpc-encoding"] ?? "identity");
  if (encoding !== "identity" && !ENCODINGS.includes(encoding)) {
    const message = `grpc-encoding is none of ${ACCEPTED_ENCODINGS}`;
    return refused(GRPC.unimplemented, "unsupported", message, { "grpc-accept-encoding": ACCEPTED_ENCODINGS });
  }
  const compression = encoding === "identity" ? undefined : encoding;
  const timeout = headers["grpc-timeout"];
  if (timeout === undefined) return { method, compression, timeoutMs: undefined };
  const timeoutMs = readTimeout(String(timeout));
  // As grpc-go answers it.
  if (timeoutMs === undefined)
    return refused(GRPC.internal, "invalid", "grpc-timeout must be up to 8 digits and one of HMSmun");
  return { method, compression, timeoutMs };
}

function headerBytes(headers: IncomingHttpHeaders): number {
  let bytes = 0;
  // A value that came several times is a list.
  for (const name in headers) bytes += name.length + String(headers[name]).length + 32;
  return bytes;
}

/** Whether a Content-Type is that of gRPC with protobuf messages, which are the only ones that OTLP has. */
function isGrpc(contentType: string | undefined): boolean {
  if (contentType === "application/grpc" || contentType === "application/grpc+proto") return true;
  return /^application\/grpc(\+proto)?[ \t]*(;|$)/i.test(contentType ?? "");
}

/** The milliseconds of a `grpc-timeout`, whose fraction counts; undefined when it is none. */
export function readTimeout(text: string): number | undefined {
  const unit = UNITS.get(text.slice(-1));
  const digits = text.slice(0, -1);
  return unit !== undefined && /^\d{1,8}$/.test(digits) ? Number(digits) * unit : undefined;
}

function refused(code: number, outcome: Outcome, message: string, more?: OutgoingHttpHeaders): BadHead {
  return { headers: { ...ANSWER_HEADERS, ...statusHeaders({ code, message }), ...more }, outcome };
}
