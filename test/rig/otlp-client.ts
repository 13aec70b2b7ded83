/**
 * A client for load: it sends requests as bytes that are ready, and tells the answers of a server apart from no answer at
 * all. No retry: what to do next is the generator's decision.
 */
import { Agent, request } from "node:http";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Carried } from "@rondo/otlp";
import { GRPC_PATHS, grpcFrameHead, HTTP_PATHS } from "./otlp-transport.ts";

/** How a request ended: the server's yes, its no, or silence (the connection broke, or nothing came in time). */
export type Answer =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly status: number; readonly text: string }
  | { readonly kind: "unanswered"; readonly text: string };

/** One way into a receiver. */
export interface OtlpClient {
  /** Sends one request; `body` must not change before the promise settles. Never rejects. */
  send(signal: Carried, body: Buffer): Promise<Answer>;
  /** Ends idle connections and breaks busy ones. */
  close(): void;
}

/** What a client is told when it is made. */
export interface ClientOptions {
  readonly port: number;
  readonly gzip?: boolean;
  /** No answer within this time is `unanswered`. */
  readonly timeoutMs: number;
  /** OTLP/HTTP: connections at once. */
  readonly connections?: number;
}

// The fastest level: the load should cost the generator less than what it measures.
const compress = (body: Buffer) => promisify<Buffer, { level: number }, Buffer>(gzip)(body, { level: 1 });

/** OTLP/HTTP with protobuf bodies, over kept-alive connections. */
export function httpClient(options: ClientOptions): OtlpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections ?? 8 });
  const send = (signal: Carried, body: Buffer) =>
    new Promise<Answer>((resolve) => {
      const call = request(
        {
          agent,
          host: "127.0.0.1",
          port: options.port,
          path: HTTP_PATHS[signal],
          method: "POST",
          timeout: options.timeoutMs,
          headers: {
            "content-type": "application/x-protobuf",
            "content-length": body.length,
            ...(options.gzip === true ? { "content-encoding": "gzip" } : {}),
          },
        },
        (response) => {
          const status = response.statusCode ?? 0;
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          // A status line is no acknowledgement yet: only the whole answer is.
          response.on("error", (error) => resolve({ kind: "unanswered", text: error.message }));
          response.on("aborted", () => resolve({ kind: "unanswered", text: "the answer broke off" }));
          response.on("end", () =>
            resolve(
              status === 200
                ? { kind: "accepted" }
                : { kind: "refused", status, text: Buffer.concat(chunks).toString("latin1").slice(0, 200) },
            ),
          );
        },
      );
      call.on("timeout", () => call.destroy(new Error(`no answer within ${options.timeoutMs} ms`)));
      call.on("error", (error) => resolve({ kind: "unanswered", text: error.message }));
      call.end(body);
    });
  return {
    send: async (signal, body) => send(signal, options.gzip === true ? await compress(body) : body),
    close: () => agent.destroy(),
  };
}

/** OTLP/gRPC over one HTTP/2 connection, made again when it breaks. */
export function grpcClient(options: ClientOptions): OtlpClient {
  let session: ClientHttp2Session | undefined;
  const connected = () => {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    const made = connect(`http://127.0.0.1:${options.port}`);
    // A stream learns of it by its own error; the session's needs a listener all the same.
    made.on("error", () => {});
    session = made;
    return made;
  };
  const send = (signal: Carried, body: Buffer) =>
    new Promise<Answer>((resolve) => {
      const stream = connected().request({
        [constants.HTTP2_HEADER_METHOD]: "POST",
        [constants.HTTP2_HEADER_PATH]: GRPC_PATHS[signal],
        "content-type": "application/grpc",
        te: "trailers",
        ...(options.gzip === true ? { "grpc-encoding": "gzip" } : {}),
      });
      let status: string | undefined;
      let text = "";
      const read = (headers: Readonly<Record<string, unknown>>) => {
        const [code, message] = [headers["grpc-status"], headers["grpc-message"]];
        if (typeof code === "string") status = code;
        if (typeof message === "string") text = message;
      };
      stream.on("response", read);
      stream.on("trailers", read);
      stream.on("error", (error) => resolve({ kind: "unanswered", text: error.message }));
      stream.setTimeout(options.timeoutMs, () => stream.close(constants.NGHTTP2_CANCEL));
      stream.on("close", () => {
        if (status === undefined) resolve({ kind: "unanswered", text: `stream closed, code ${stream.rstCode}` });
        else if (status === "0") resolve({ kind: "accepted" });
        else resolve({ kind: "refused", status: Number(status), text });
      });
      stream.resume();
      stream.write(grpcFrameHead(body.length, options.gzip === true));
      stream.end(body);
    });
  return {
    send: async (signal, body) => send(signal, options.gzip === true ? await compress(body) : body),
    close: () => session?.destroy(),
  };
}
