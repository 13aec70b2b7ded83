/** Answers what is not HTTP, or not in time: Node tells of it without a request, and leaves the socket to us. */
import type { Socket } from "node:net";
import type { Encoding } from "./http-answer.ts";
import type { Outcome } from "./metrics.ts";
import { HTTP_ONLY } from "./status-table.ts";

interface Row {
  readonly http: 400 | 408 | 413 | 431;
  readonly reason: string;
  readonly outcome: Outcome;
}

/** By Node's code of what it could not parse. */
const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ["ERR_HTTP_REQUEST_TIMEOUT", { http: 408, reason: "Request Timeout", outcome: "aborted" }],
  ["HPE_HEADER_OVERFLOW", { http: 431, reason: "Request Header Fields Too Large", outcome: "invalid" }],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", { http: 413, reason: "Payload Too Large", outcome: "invalid" }],
]);

const BAD_REQUEST: Row = { http: 400, reason: "Bad Request", outcome: "invalid" };

/**
 * Answers on `socket`, in `encoding` when a body in it was being read, and closes it. Returns how that ended; undefined where
 * there was no HTTP to answer, as after a failed handshake of TLS.
 */
export function answerGarbage(
  error: Error & { readonly code?: string },
  socket: Socket,
  encoding: Encoding | undefined,
): Outcome | undefined {
  const { code = "" } = error;
  const row = ROWS.get(code) ?? BAD_REQUEST;
  const isHttp = row !== BAD_REQUEST || code.startsWith("HPE_");
  // Without HTTP there is nobody to answer: before a handshake is done, the answer and the end after it would wait for good.
  if (!socket.writable || !isHttp) {
    socket.destroy();
    return isHttp ? row.outcome : undefined;
  }
  const message = `${row.http} ${row.reason}`;
  const body = Buffer.from(encoding?.status({ code: HTTP_ONLY[row.http], message }) ?? message);
  const head = [
    `HTTP/1.1 ${message}`,
    "Connection: close",
    `Content-Type: ${encoding?.contentType ?? "text/plain; charset=utf-8"}`,
    `Content-Length: ${body.length}`,
  ];
  socket.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]), () => socket.destroy());
  return isHttp ? row.outcome : undefined;
}
