/** A backend for rigs: it hands whole requests over as bytes and answers what it is told to, on either transport. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Writable } from "node:stream";
import type { Signal } from "@rondo/otlp";
import { GRPC_PATHS, grpcFrameHead, grpcMessage, HTTP_PATHS, signalOfPath } from "./otlp-transport.ts";

/** A status of either transport, and the seconds after which the sender may come again. */
export interface StatusReply {
  readonly http: number;
  readonly grpc: number;
  readonly delayS?: number;
}

/**
 * What a backend says: yes, try again later, never, or nothing at all because the connection breaks. `hang` is no answer on a
 * connection that stays; `torn` an answer that breaks off in its middle; `endless` one that has no end.
 */
export type Reply = "accepted" | "later" | "never" | "silence" | "hang" | "torn" | "endless" | StatusReply;

/** Takes one request. Its reply is sent when the promise settles; a rejection is a bug and ends the process. */
export type Handle = (signal: Signal, body: Buffer) => Promise<Reply> | Reply;

/** A backend that listens on loopback. */
export interface OtlpServer {
  readonly port: number;
  /** Stops listening and breaks open connections. */
  close(): Promise<void>;
}

// OK, UNAVAILABLE and INVALID_ARGUMENT over gRPC.
const STATUSES: Readonly<Record<"accepted" | "later" | "never", StatusReply>> = {
  accepted: { http: 200, grpc: 0 },
  later: { http: 503, grpc: 14 },
  never: { http: 400, grpc: 3 },
};
const UNIMPLEMENTED = 12;

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the backend has no port");
  return address.port;
}

const CHUNK = Buffer.alloc(64 << 10, 0x20);

/** Writes until whoever reads has enough. */
function writeForEver(out: Writable): void {
  const more = () => {
    while (!out.destroyed && out.write(CHUNK));
  };
  out.on("error", () => {}).on("drain", more);
  more();
}

const TORN_BYTES = 100;

function answerHttp({ socket }: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const type = { "content-type": "application/x-protobuf" };
  if (reply === "hang") return;
  if (reply === "silence") socket.destroy();
  else if (reply === "endless") writeForEver(response.writeHead(200, type));
  else if (reply === "torn") {
    response.writeHead(200, { ...type, "content-length": TORN_BYTES });
    response.write(CHUNK.subarray(0, TORN_BYTES / 2), () => socket.resetAndDestroy());
  } else {
    const { http, delayS } = typeof reply === "string" ? STATUSES[reply] : reply;
    const again = delayS !== undefined && { "retry-after": String(delayS) };
    response.writeHead(http, { ...type, ...again, "content-length": 0 }).end();
  }
}

/** A google.rpc.Status with a RetryInfo, as `grpc-status-details-bin` carries it; every length is below 128. */
function retryInfo(code: number, seconds: number): string {
  const field = (tag: number, bytes: Buffer) => Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
  const delay = field(0x0a, Buffer.from([0x08, seconds]));
  const any = [field(0x0a, Buffer.from("type.googleapis.com/google.rpc.RetryInfo")), field(0x12, delay)];
  return Buffer.concat([Buffer.from([0x08, code]), field(0x1a, Buffer.concat(any))]).toString("base64");
}

const GRPC_HEAD = { ":status": 200, "content-type": "application/grpc" };

function answerGrpc(stream: ServerHttp2Stream, reply: Reply): void {
  if (reply === "hang") return;
  if (reply === "silence") stream.session?.destroy();
  else if (reply === "endless") {
    stream.respond(GRPC_HEAD);
    stream.write(grpcFrameHead(1 << 30, false));
    writeForEver(stream);
  } else if (reply === "torn") {
    stream.respond(GRPC_HEAD);
    stream.write(grpcFrameHead(TORN_BYTES, false), () => stream.session?.socket.resetAndDestroy());
  } else {
    const { grpc, delayS } = typeof reply === "string" ? STATUSES[reply] : reply;
    const details = delayS !== undefined && { "grpc-status-details-bin": retryInfo(grpc, delayS) };
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(grpc), ...details }));
    stream.respond(GRPC_HEAD, { waitForTrailers: true });
    if (grpc === 0) stream.end(grpcFrameHead(0, false));
    else stream.end();
  }
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
      answerHttp(request, response, reply);
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
      const unknown = { http: 404, grpc: UNIMPLEMENTED };
      const reply = signal === undefined ? unknown : await handle(signal, grpcMessage(Buffer.concat(chunks)));
      if (!stream.destroyed) answerGrpc(stream, reply);
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
