/**
 * OTLP over gRPC, the receiving side: unary calls on node:http2, written out. A sink must be able to fall silent or cut
 * a connection in the middle of a call, which the gRPC library forbids; and what judges that library should not be it.
 */
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { Fault } from "@rondo/core";
import { EXPORT_METHODS, encodeStatus, SIGNALS } from "@rondo/otlp";
import type { Answer, Receive } from "./receive.ts";
import { inflate, MAX_BODY, readWhole } from "./request.ts";
import { grpcCodeOf } from "./status-code.ts";

/** The status of a call that went well. */
const OK = 0;

/** Five bytes before every message: whether it is compressed, and its length. */
const FRAME_HEAD = 5;

/** A server that hands every call to `receive`. It does not listen yet. */
export function grpcServer(receive: Receive): Http2Server {
  // Wide windows: with the default of 64 KiB a large request stalls once per window.
  const server = createServer({ settings: { initialWindowSize: 4 << 20, maxConcurrentStreams: 1024 } });
  server.on("session", (session) => {
    session.setLocalWindowSize(16 << 20);
    session.on("error", () => session.destroy());
  });
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    stream.on("error", () => stream.destroy());
    answerTo(stream, headers, receive).then(
      (answer) => send(stream, answer),
      (thrown: unknown) => {
        const { code, message } = Fault.from(thrown, "invalid");
        const status = code === "not_found" ? 404 : code === "too_large" ? 413 : 400;
        send(stream, { kind: "refused", status, message });
      },
    );
  });
  return server;
}

/** Throws a Fault for what is no unary call of a known method: the method, the frame, the compression or the size. */
async function answerTo(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, receive: Receive): Promise<Answer> {
  const path = headers[constants.HTTP2_HEADER_PATH];
  const signal = SIGNALS.find((one) => EXPORT_METHODS[one] === path);
  if (signal === undefined)
    throw new Fault("not_found", `there is no method ${path}; OTLP has one Export for each signal`);
  const framed = await readWhole(stream, MAX_BODY + FRAME_HEAD);
  if (framed.length < FRAME_HEAD || framed.readUInt32BE(1) !== framed.length - FRAME_HEAD) {
    throw new Fault("invalid", `a call of ${framed.length} bytes is not one whole gRPC message`);
  }
  const encoding = headers["grpc-encoding"];
  // The flag decides, not the header: a client that announces gzip may leave a small message plain.
  const compressed = framed[0] === 1;
  const body = await inflate(compressed ? String(encoding) : undefined, framed.subarray(FRAME_HEAD));
  return receive({ via: "grpc", signal, encoding: "protobuf", body });
}

/** The status of a call stands in trailers: after an empty message when it went well, alone when it did not. */
function send(stream: ServerHttp2Stream, answer: Answer): void {
  if (stream.destroyed) return;
  const head = { ":status": 200, "content-type": "application/grpc" };
  switch (answer.kind) {
    case "silent":
      return;
    case "cut":
      stream.session?.destroy();
      return;
    case "accepted":
      stream.respond(head, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(OK) }));
      stream.end(Buffer.alloc(FRAME_HEAD));
      return;
    case "refused": {
      const { message, retryAfterMs } = answer;
      const code = grpcCodeOf(answer.status);
      const details = encodeStatus({
        code,
        message,
        ...(retryAfterMs !== undefined && { retryDelayMs: retryAfterMs }),
      });
      const trailers = {
        "grpc-status": String(code),
        "grpc-message": encodeURIComponent(message),
        "grpc-status-details-bin": Buffer.from(details).toString("base64"),
      };
      stream.respond({ ...head, ...trailers }, { endStream: true });
    }
  }
}
