/** Sends requests over gRPC on HTTP/2 connections, with every status and its details read back. */
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { GRPC_PATHS, grpcFrameHead } from "../rig/otlp-transport.ts";
import type { Connect, FuzzClient } from "./http-target.ts";
import type { Framing } from "./mutated-request.ts";
import { type Answered, judgeGrpc } from "./target.ts";

/** With Node's 10 MB, calls lose their answers to the bodies that other calls on the connection still have to send. */
const SESSION_MB = 1_000;

/** A client that makes a new connection when the server ends the one that it has. */
export function grpcFuzzClient(open: Connect): FuzzClient {
  let session: ClientHttp2Session | undefined;
  const connected = () => {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    const made = connect("http://127.0.0.1", { createConnection: open, maxSessionMemory: SESSION_MB });
    made.on("error", () => {});
    session = made;
    return made;
  };
  return {
    send: ({ signal, compression, body, framing }) =>
      new Promise<Answered>((resolve, reject) => {
        const stream = connected().request({
          ":method": "POST",
          ":path": GRPC_PATHS[signal],
          "content-type": "application/grpc",
          te: "trailers",
          ...(compression !== undefined && { "grpc-encoding": compression }),
        });
        const chunks: Buffer[] = [];
        const seen: IncomingHttpHeaders = {};
        const read = (headers: IncomingHttpHeaders) => Object.assign(seen, headers);
        stream.on("response", read);
        stream.on("trailers", read);
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("error", reject);
        const answered = () => {
          const status = seen["grpc-status"];
          if (typeof status !== "string") return;
          const details = seen["grpc-status-details-bin"];
          const answer = Buffer.concat(chunks);
          resolve(
            judgeGrpc({
              status: Number(status),
              details: typeof details === "string" ? Buffer.from(details, "base64") : undefined,
              message: answer.length < 5 ? undefined : answer.subarray(5),
              framing,
            }),
          );
        };
        // Over streams in memory Node's client may never say `close` after an early answer.
        stream.on("end", answered);
        stream.on("close", () => {
          answered();
          reject(new Error(`no grpc-status; reset with ${stream.rstCode}`));
        });
        for (const piece of framed(body, compression !== undefined, framing)) stream.write(piece);
        stream.end();
      }),
    close: () => session?.destroy(),
  };
}

/** The bytes of a call's one message, or of what is none. */
function framed(body: Uint8Array, compressed: boolean, framing: Framing | undefined): readonly Uint8Array[] {
  const head = (length: number) => grpcFrameHead(length, compressed);
  switch (framing) {
    case undefined:
      return [head(body.length), body];
    case "another flag":
      return [Uint8Array.of((body[0] ?? 0) | 2), head(body.length).subarray(1), body];
    case "too short":
      return [head(body.length >> 1), body];
    case "too long":
      return [head(body.length + 1 + (body[0] ?? 0) * 1_000_000), body];
    case "twice":
      return [head(body.length), body, head(body.length), body];
    case "three bytes":
      return [head(body.length).subarray(0, 3)];
    case "nothing":
      return [];
  }
}
