/** OTLP over HTTP, the sending side, as an SDK does it: protobuf, kept-alive connections, the retry rules of the OTLP specification. */
import { Agent, type IncomingMessage, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { decodeResponse, decodeStatus } from "@rondo/otlp";
import { readWhole } from "../sink/request.ts";
import { MAX_ANSWER, type Outgoing, type Sender, type Sent, TRY_TIMEOUT_MS } from "./send.ts";

/**
 * "All other 4xx or 5xx response status codes MUST NOT be retried" (OTLP/HTTP Response). A replay stands for clients and is
 * as strict as they are; Rondo's own exporters repeat more, because they answer for data that was acknowledged already.
 */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** A Sender to a base URL, to which `/v1/<signal>` is appended. `now` is wall time in milliseconds, for dates in Retry-After. */
export function httpSender(base: URL, now: () => number): Sender {
  const secure = base.protocol === "https:";
  const agent = secure ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const prefix = base.pathname.replace(/\/+$/, "");
  return {
    target: base.href,
    close: () => agent.destroy(),
    send: ({ signal, wire, encoding }: Outgoing, abort) =>
      new Promise<Sent>((resolve) => {
        const call = (secure ? tlsRequest : request)(new URL(`${prefix}/v1/${signal}`, base), {
          method: "POST",
          agent,
          signal: AbortSignal.any([abort, AbortSignal.timeout(TRY_TIMEOUT_MS)]),
          headers: {
            "content-type": "application/x-protobuf",
            "content-length": wire.length,
            ...(encoding === "gzip" && { "content-encoding": "gzip" }),
          },
        });
        call.on("response", (response) => read(response, now).then(resolve, (thrown) => resolve(lost(thrown))));
        call.on("error", (error) => resolve(lost(error)));
        call.end(wire);
      }),
  };
}

/** Rejects when the answer breaks off, grows too large or is no response: then nobody knows what became of the items. */
async function read(response: IncomingMessage, now: () => number): Promise<Sent> {
  const status = response.statusCode ?? 0;
  const body = await readWhole(response, MAX_ANSWER);
  if (status >= 200 && status < 300) {
    const partial = decodeResponse(body);
    return { kind: "acked", rejected: partial?.rejected ?? 0, message: partial?.message ?? "" };
  }
  const why = `HTTP ${status}${explain(response, body)}`;
  if (!RETRYABLE.has(status)) return { kind: "refused", why };
  const afterMs = retryAfter(response.headers["retry-after"], now());
  return { kind: "retry", why, ...(afterMs !== undefined && { afterMs }) };
}

/** Seconds, or a date (RFC 9110 §10.2.3). */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^[0-9]+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** The server's own words when it sent a Status, as OTLP asks. */
function explain(response: IncomingMessage, body: Uint8Array): string {
  try {
    if (!response.headers["content-type"]?.startsWith("application/x-protobuf")) return "";
    const { message } = decodeStatus(body);
    return message === "" ? "" : `: ${message}`;
  } catch {
    return "";
  }
}

/** A connection that failed says nothing about the items: they may have arrived, and are sent again. */
function lost(thrown: unknown): Sent {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: "retry", why: `no answer: ${why}` };
}
