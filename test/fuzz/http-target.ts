/** Sends requests over HTTP/1.1 by hand, on whatever a connection is, so that little time goes into being a client. */
import type { Duplex } from "node:stream";
import type { Signal } from "@rondo/otlp";
import { HTTP_PATHS } from "../rig/otlp-transport.ts";
import type { FuzzRequest } from "./mutated-request.ts";
import { type Answered, type HttpAnswer, judgeHttp } from "./target.ts";

/** Opens a connection to a server. */
export type Connect = () => Duplex;

/** A client that has several requests under way, each on a connection of its own. */
export interface FuzzClient {
  /** Sends one request and judges its answer. Rejects when the connection ends without one. */
  send(request: FuzzRequest): Promise<Answered>;
  close(): void;
}

const END_OF_HEAD = "\r\n\r\n";

/** A client whose connections are kept while the server keeps them. */
export function httpFuzzClient(connect: Connect): FuzzClient {
  const idle: Connection[] = [];
  const all = new Set<Connection>();
  return {
    async send(request) {
      const connection = idle.pop() ?? new Connection(connect());
      all.add(connection);
      const answer = await connection.exchange(request);
      if (connection.kept) idle.push(connection);
      else all.delete(connection);
      return judgeHttp(request.signal, request.encoding, answer);
    },
    close() {
      for (const connection of all) connection.close();
    },
  };
}

class Connection {
  readonly #stream: Duplex;
  #arrived: Buffer = Buffer.alloc(0);
  #waiting: { readonly resolve: (answer: HttpAnswer) => void; readonly reject: (error: Error) => void } | undefined;
  kept = true;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.on("error", (error) => this.#ended(error));
    stream.on("close", () => this.#ended(new Error("the connection ended without an answer")));
  }

  exchange(request: FuzzRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#stream.cork();
      this.#stream.write(head(request.signal, request));
      this.#stream.write(request.body);
      this.#stream.uncork();
    });
  }

  close(): void {
    this.kept = false;
    this.#stream.destroy();
  }

  #ended(error: Error): void {
    this.kept = false;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  #take(chunk: Buffer): void {
    this.#arrived = this.#arrived.length === 0 ? chunk : Buffer.concat([this.#arrived, chunk]);
    const end = this.#arrived.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const lines = this.#arrived.toString("latin1", 0, end).split("\r\n");
    const headers = new Map(
      lines.slice(1).map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const start = end + END_OF_HEAD.length;
    const stop = start + Number(headers.get("content-length") ?? 0);
    if (this.#arrived.length < stop) return;
    const body = this.#arrived.subarray(start, stop);
    this.#arrived = this.#arrived.subarray(stop);
    if (headers.get("connection") === "close") this.close();
    const status = Number(lines[0]?.split(" ")[1]);
    const [contentType, retryAfter] = [headers.get("content-type"), headers.get("retry-after")];
    this.#waiting?.resolve({ status, contentType, retryAfter, body });
    this.#waiting = undefined;
  }
}

function head(signal: Signal, { encoding, compression, body }: FuzzRequest): string {
  return [
    `POST ${HTTP_PATHS[signal]} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Content-Type: application/${encoding === "json" ? "json" : "x-protobuf"}`,
    ...(compression === undefined ? [] : [`Content-Encoding: ${compression}`]),
    `Content-Length: ${body.length}`,
    END_OF_HEAD.slice(2),
  ].join("\r\n");
}
