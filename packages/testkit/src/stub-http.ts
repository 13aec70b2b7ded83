/** A commanded OTLP/HTTP backend. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { CARRIED, type Carried, EXPORT_PATHS, encodeResponse, encodeStatus } from "@rondo/otlp";
import { type Behaviour, type Received, type StubBackend, StubPort, stubBackend } from "./stub-backend.ts";

const INFLATE: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  zlib: inflateSync,
  zstd: zstdDecompressSync,
};

/** Starts a backend on a free port of 127.0.0.1; it accepts until told otherwise. */
export async function stubHttp(): Promise<StubBackend> {
  const received: Received[] = [];
  let behaviour: Behaviour = { kind: "accept" };
  const server = createServer(async (request, response) => {
    response.on("error", () => response.destroy());
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // The client gave up.
    }
    const signal = CARRIED.find((one) => request.url?.endsWith(EXPORT_PATHS[one])) ?? "traces";
    const sent = Buffer.concat(chunks);
    const inflate = INFLATE[request.headers["content-encoding"] ?? ""];
    received.push({ signal, body: inflate?.(sent) ?? sent, headers: { ...request.headers, ":path": request.url } });
    answer(behaviour, signal, request, response);
  });
  server.keepAliveTimeout = 60_000;
  const port = new StubPort(server);
  await port.start();
  return stubBackend(port, received, (how) => {
    behaviour = how;
  });
}

const PROTOBUF = { "content-type": "application/x-protobuf" };

function answer(how: Behaviour, signal: Carried, request: IncomingMessage, response: ServerResponse): void {
  const status = (code: number, message: string, headers: Record<string, string> = {}) =>
    response.writeHead(code, { ...PROTOBUF, ...headers }).end(encodeStatus({ code: 2, message }));
  switch (how.kind) {
    case "accept":
      response.writeHead(200, PROTOBUF).end();
      return;
    case "partial":
      response.writeHead(200, PROTOBUF).end(encodeResponse(signal, how));
      return;
    case "refuse":
      status(400, how.message);
      return;
    case "later":
      status(503, "later", how.afterMs === undefined ? {} : { "retry-after": String(Math.ceil(how.afterMs / 1_000)) });
      return;
    case "status":
      status(how.code, how.message);
      return;
    case "hang":
      return;
    case "reset":
      request.socket.resetAndDestroy();
      return;
    case "cut":
      response.writeHead(503, { ...PROTOBUF, "content-length": "1000" });
      response.write("half", () => request.socket.resetAndDestroy());
      return;
    case "garbage":
      request.socket.end("\u0000\u0001 this is no HTTP\r\n\r\n");
      return;
    case "endless":
      response.writeHead(503, { "content-type": "text/plain" });
      flood(response);
  }
}

/** Writes as fast as the client reads, until it hangs up. */
function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(65_536, "endless ");
  const more = () => {
    while (!response.destroyed) if (!response.write(chunk)) return;
  };
  response.on("drain", more);
  more();
}
