/** Sends requests over gRPC on HTTP/2 connections, with every status and its details read back. */
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { GRPC_PATHS, grpcFrameHead } from "../rig/otlp-transport.ts";
import type { Connect, FuzzClient } from "./http-target.ts";
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
    send: ({ signal, compression, body }) =>
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
        stream.on("close", () => {
          const status = seen["grpc-status"];
          if (typeof status !== "string") return reject(new Error(`no grpc-status; reset with ${stream.rstCode}`));
          const details = seen["grpc-status-details-bin"];
          const answer = Buffer.concat(chunks);
          resolve(
            judgeGrpc({
              status: Number(status),
              details: typeof details === "string" ? Buffer.from(details, "base64") : undefined,
              message: answer.length < 5 ? undefined : answer.subarray(5),
            }),
          );
        });
        stream.write(grpcFrameHead(body.length, compression !== undefined));
        stream.end(body);
      }),
    close: () => session?.destroy(),
  };
}
