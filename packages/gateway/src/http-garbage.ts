/** Answers what is not HTTP, or not in time: Node tells of it without a request, and leaves the socket to us. */
import type { Socket } from "node:net";
import { Fault } from "@rondo/core";
import type { Encoding } from "./http-answer.ts";
import type { Intake } from "./intake.ts";
import type { Outcome } from "./metrics.ts";
import { HTTP_ONLY, refusalStatus, statusOf } from "./status-table.ts";

const TIMEOUT = "ERR_HTTP_REQUEST_TIMEOUT";

interface Row {
  readonly http: keyof typeof HTTP_ONLY;
  readonly reason: string;
  readonly outcome: Outcome;
}

/** By Node's code of what it could not parse. */
const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  [TIMEOUT, { http: 408, reason: "Request Timeout", outcome: "aborted" }],
  ["HPE_HEADER_OVERFLOW", { http: 431, reason: "Request Header Fields Too Large", outcome: "invalid" }],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", { http: 413, reason: "Payload Too Large", outcome: "invalid" }],
]);

const BAD_REQUEST: Row = { http: 400, reason: "Bad Request", outcome: "invalid" };

/** A request whose body was being read. */
export interface Unread {
  readonly encoding: Encoding;
  readonly intake: Pick<Intake, "refuse">;
}

/**
 * Answers on `socket`, in the body's encoding when one was being read, and closes it. Returns how that ended; undefined where there
 * was no HTTP to answer, as after a failed handshake of TLS.
 */
export function answerGarbage(
  error: Error & { readonly code?: string },
  socket: Socket,
  unread: Unread | undefined,
): Outcome | undefined {
  const { code = "" } = error;
  const row = ROWS.get(code) ?? BAD_REQUEST;
  const isHttp = row !== BAD_REQUEST || code.startsWith("HPE_");
  if (!socket.writable || code === "ECONNRESET") {
    socket.destroy();
    return isHttp ? row.outcome : undefined;
  }
  const answer = unread !== undefined && code === TIMEOUT ? late(unread) : refused(row, unread?.encoding);
  const body = Buffer.from(answer.body);
  const head = [
    `HTTP/1.1 ${answer.status}`,
    "Connection: close",
    ...answer.headers,
    `Content-Type: ${unread?.encoding.contentType ?? "text/plain; charset=utf-8"}`,
    `Content-Length: ${body.length}`,
  ];
  socket.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]), () => socket.destroy());
  return isHttp ? row.outcome : undefined;
}

interface Written {
  readonly status: string;
  readonly headers: readonly string[];
  readonly body: Uint8Array | string;
}

function refused({ http, reason }: Row, encoding: Encoding | undefined): Written {
  const status = `${http} ${reason}`;
  return { status, headers: [], body: encoding?.status({ code: HTTP_ONLY[http], message: status }) ?? status };
}

/** Clients of OTLP take 408 as final, and it may be a busy gateway that did not read: told to come back, as over gRPC. */
function late({ encoding, intake }: Unread): Written {
  const refusal = intake.refuse(new Fault("unavailable", "the body did not arrive in time"));
  const { afterMs } = refusal;
  return {
    status: `${statusOf(refusal.fault).http} Service Unavailable`,
    headers: afterMs === undefined ? [] : [`Retry-After: ${Math.ceil(afterMs / 1_000)}`],
    body: encoding.status(refusalStatus(refusal)),
  };
}
