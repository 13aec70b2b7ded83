/** A backend for rigs: it hands whole requests over as bytes and answers what it is told to, on either transport. */
import { createServer, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Signal } from "@rondo/otlp";
import { GRPC_PATHS, grpcFrameHead, grpcMessage, HTTP_PATHS, signalOfPath } from "./otlp-transport.ts";

/** What a backend says: yes, try again later, never, or nothing at all because the connection breaks. */
export type Reply = "accepted" | "later" | "never" | "silence";

/** Takes one request. Its reply is sent when the promise settles; a rejection is a bug and ends the process. */
export type Handle = (signal: Signal, body: Buffer) => Promise<Reply> | Reply;

/** A backend that listens on loopback. */
export interface OtlpServer {
  readonly port: number;
  /** Stops listening and breaks open connections. */
  close(): Promise<void>;
}

const HTTP_STATUS: Readonly<Record<Exclude<Reply, "silence">, number>> = { accepted: 200, later: 503, never: 400 };
// OK, UNAVAILABLE, INVALID_ARGUMENT.
const GRPC_STATUS: Readonly<Record<Exclude<Reply, "silence">, string>> = { accepted: "0", later: "14", never: "3" };
const UNIMPLEMENTED = "12";

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the backend has no port");
  return address.port;
}

/** OTLP/HTTP, protobuf, uncompressed. Port 0 picks one. */
export function serveHttp(port: number, handle: Handle): Promise<OtlpServer> {
  const server = createServer((request, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => response.destroy());
    request.on("end", async () => {
      const signal = signalOfPath(HTTP_PATHS, request.url ?? "");
      if (signal === undefined || request.headers["content-encoding"] !== undefined) {
        response.writeHead(signal === undefined ? 404 : 415).end();
        return;
      }
      const reply = await handle(signal, chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
      if (reply === "silence") {
        request.socket.destroy();
        return;
      }
      response.writeHead(HTTP_STATUS[reply], { "content-type": "application/x-protobuf", "content-length": 0 }).end();
    });
  });
  server.keepAliveTimeout = 0;
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, "127.0.0.1", () =>
      resolve({
        port: portOf(server.address()),
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      }),
    );
  });
}

/** OTLP/gRPC, uncompressed, with windows that let a large request through without a stall. Port 0 picks one. */
export function serveGrpc(port: number, handle: Handle): Promise<OtlpServer> {
  const server = createHttp2Server({ settings: { initialWindowSize: 4 << 20 } });
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.setLocalWindowSize(16 << 20);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
  });
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => stream.destroy());
    stream.on("end", async () => {
      const signal = signalOfPath(GRPC_PATHS, headers[":path"] ?? "");
      const reply = signal === undefined ? "never" : await handle(signal, grpcMessage(Buffer.concat(chunks)));
      if (stream.destroyed) return;
      if (reply === "silence") {
        stream.session?.destroy();
        return;
      }
      const status = signal === undefined ? UNIMPLEMENTED : GRPC_STATUS[reply];
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      if (status === "0") stream.end(grpcFrameHead(0, false));
      else stream.end();
    });
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, "127.0.0.1", () =>
      resolve({
        port: portOf(server.address()),
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const session of sessions) session.destroy();
          }),
      }),
    );
  });
}
