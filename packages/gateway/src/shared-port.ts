/**
 * One port for HTTP/1.1 and gRPC: the HTTP server is bound, and hands over who speaks HTTP/2. With TLS that is agreed by ALPN; in the
 * clear the first bytes tell, since gRPC's clients begin with the preface at once (prior knowledge, RFC 9113 §3.3 and §3.4).
 */
import type { Server as HttpServer } from "node:http";
import type { Http2Server } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "@rondo/core";

/** What every connection of HTTP/2 begins with, and none of HTTP/1.1: RFC 9113 §3.4. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

const NOTHING = Buffer.alloc(0);

/** Who shares the port, and for how long a connection may keep to itself what it speaks. */
export interface Sharing {
  /** Takes the connections of HTTP/2; not bound itself. */
  readonly http2: Http2Server;
  readonly isSecure: boolean;
  /** Milliseconds until a connection that has not said what it speaks is answered as HTTP answers late headers. */
  readonly headersMs: number;
  readonly clock: Clock;
}

/**
 * Takes over the connections of `http`, which must have Node's own listener for them and none beside it. Returns what ends those
 * that have not said what they speak, and lets none of HTTP/2 begin from then on; the others go on.
 */
export function sharePort(http: HttpServer, { http2, isSecure, headersMs, clock }: Sharing): () => void {
  const event = isSecure ? "secureConnection" : "connection";
  // Node's listener makes a connection of HTTP/1.1 of a socket that nobody has read.
  const [http1] = http.listeners(event);
  http.removeAllListeners(event);
  const undecided = new Set<Socket>();
  let stopped = false;

  /** Where nobody else may be there to hear of an error, it would end the process. */
  const outlive = (socket: Socket) => socket.on("error", () => socket.destroy());
  const toHttp1 = (socket: Socket) => http1?.call(http, socket);
  const toHttp2 = (socket: Socket) => {
    // Between a session's end and its socket's.
    outlive(socket);
    // An HTTP server lets its clients end their side first; sessions rely on both ends going together.
    socket.allowHalfOpen = false;
    if (stopped) socket.destroy();
    else http2.emit("connection", socket);
  };
  /** Has the connection answered as what is not HTTP, or not in time: see http-garbage.ts. */
  const refuse = (socket: Socket, code: string) => {
    outlive(socket);
    http.emit("clientError", Object.assign(new Error("the connection did not say what it speaks"), { code }), socket);
  };

  const listen = (socket: Socket) => {
    let said: Buffer = NOTHING;
    const read = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      said = said.length === 0 ? chunk : Buffer.concat([said, chunk]);
      const compared = Math.min(said.length, PREFACE.length);
      const isHttp2 = PREFACE.compare(said, 0, compared, 0, compared) === 0;
      if (isHttp2 && compared < PREFACE.length) return;
      decided();
      socket.unshift(said);
      if (isHttp2) toHttp2(socket);
      else toHttp1(socket);
    };
    const ended = () => {
      decided();
      if (said.length > 0) refuse(socket, "HPE_INVALID_EOF_STATE");
      else outlive(socket).end();
    };
    const failed = () => socket.destroy();
    const late = () => {
      decided();
      refuse(socket, "ERR_HTTP_REQUEST_TIMEOUT");
    };
    const cancel = clock.after(headersMs, late, { background: true });
    const decided = () => {
      cancel();
      undecided.delete(socket);
      socket.off("readable", read).off("end", ended).off("error", failed).off("close", decided);
    };
    undecided.add(socket);
    socket.on("readable", read).on("end", ended).on("error", failed).on("close", decided);
  };

  const agreed = (socket: TLSSocket) => (socket.alpnProtocol === "h2" ? toHttp2(socket) : toHttp1(socket));
  http.on(event, isSecure ? agreed : listen);
  return () => {
    stopped = true;
    for (const socket of undecided) socket.destroy();
  };
}
