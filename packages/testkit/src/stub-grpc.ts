/** A commanded OTLP/gRPC backend, written out on HTTP/2: what judges a gRPC client should not be the same library. */
import { createServer, type ServerHttp2Stream } from "node:http2";
import { gunzipSync, inflateSync } from "node:zlib";
import { CARRIED, type Carried, EXPORT_METHODS, encodeResponse, encodeStatus } from "@rondo/otlp";
import { type Behaviour, type Received, type StubBackend, StubPort, stubBackend } from "./stub-backend.ts";

const GRPC = { ":status": 200, "content-type": "application/grpc" };

/** Starts a backend on a free port of 127.0.0.1; it accepts until told otherwise. */
export async function stubGrpc(): Promise<StubBackend> {
  const received: Received[] = [];
  let behaviour: Behaviour = { kind: "accept" };
  const server = createServer();
  server.on("session", (session) => session.on("error", () => session.destroy()));
  server.on("stream", async (stream: ServerHttp2Stream, headers) => {
    stream.on("error", () => stream.destroy());
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of stream) chunks.push(chunk);
    } catch {
      return; // The client gave up.
    }
    const signal = CARRIED.find((one) => headers[":path"] === EXPORT_METHODS[one]) ?? "traces";
    received.push({ signal, body: unframe(Buffer.concat(chunks), headers["grpc-encoding"]), headers });
    if (!stream.destroyed) answer(behaviour, signal, stream, () => port.reset());
  });
  const port = new StubPort(server);
  await port.start();
  return stubBackend(port, received, (how) => {
    behaviour = how;
  });
}

/** A message has five bytes before it: whether it is compressed, and its length. */
function frame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function unframe(framed: Buffer, encoding: string | string[] | undefined): Buffer {
  const message = framed.subarray(5);
  if (framed[0] !== 1) return message;
  return encoding === "gzip" ? gunzipSync(message) : inflateSync(message);
}

function answer(how: Behaviour, signal: Carried, stream: ServerHttp2Stream, reset: () => void): void {
  const status = (code: number, message: string, retryDelayMs?: number) => {
    const details = encodeStatus({ code, message, ...(retryDelayMs !== undefined && { retryDelayMs }) });
    stream.respond(
      {
        ...GRPC,
        "grpc-status": String(code),
        "grpc-message": encodeURIComponent(message),
        "grpc-status-details-bin": Buffer.from(details).toString("base64"),
      },
      { endStream: true },
    );
  };
  switch (how.kind) {
    case "accept":
    case "partial":
      stream.respond(GRPC, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(frame(encodeResponse(signal, how.kind === "partial" ? how : undefined)));
      return;
    case "refuse":
      status(3, how.message);
      return;
    case "later":
      status(14, "later", how.afterMs);
      return;
    case "status":
      status(how.code, how.message, how.retryDelayMs);
      return;
    case "hang":
      return;
    case "reset":
      reset();
      return;
    case "cut":
      stream.respond(GRPC);
      stream.write(frame(Buffer.alloc(1_000)).subarray(0, 100), reset);
      return;
    case "garbage":
      // What stands where a gateway used to be: gRPC libraries make a status of it that the backend never gave.
      stream.respond({ ":status": 404, "content-type": "text/html" });
      stream.end("<html>nothing here</html>");
      return;
    case "endless": {
      stream.respond(GRPC);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(0xffff_ffff, 1);
      stream.write(head);
      flood(stream);
    }
  }
}

function flood(stream: ServerHttp2Stream): void {
  const chunk = Buffer.alloc(65_536);
  const more = () => {
    while (!stream.destroyed) if (!stream.write(chunk)) return;
  };
  stream.on("drain", more);
  more();
}
