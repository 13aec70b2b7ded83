/** A request over each transport as a client sends it, with or without TLS, and what it is told. */
import { request as httpRequest } from "node:http";
import { connect } from "node:http2";
import { request as httpsRequest } from "node:https";
import { connect as connectSocket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { frame, METHODS } from "./grpc-peer.cases.ts";

/** What a client was told. */
export interface Told {
  /** The HTTP status, or the gRPC status; undefined when the connection failed first. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Of gRPC, its message; of HTTP, its body. */
  readonly message: string;
}

/** How a client connects and what it says. */
export interface Saying {
  readonly headers?: Record<string, string>;
  /** Present: TLS, as this client. */
  readonly tls?: ConnectionOptions;
  /** Behind the path, such as `?token=x`. */
  readonly query?: string;
}

const NOTHING = (thrown: Error): Told => ({ status: undefined, headers: {}, message: thrown.message });

/** Posts logs over HTTP, to a port of this machine or to a socket file. */
export function postLogs(
  at: number | string,
  body: Uint8Array,
  { headers, tls, query = "" }: Saying = {},
): Promise<Told> {
  const options = {
    ...(typeof at === "string" ? { socketPath: at } : { host: "127.0.0.1", port: at }),
    ...{ path: `/v1/logs${query}`, method: "POST", agent: false as const, ...tls },
    headers: { "content-type": "application/x-protobuf", ...headers },
  };
  return new Promise((resolve) => {
    const sent = (tls === undefined ? httpRequest : httpsRequest)(options, (response) => {
      let message = "";
      response.on("data", (chunk) => {
        message += chunk.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, message }));
    });
    sent.on("error", (thrown) => resolve(NOTHING(thrown)));
    sent.end(body);
  });
}

/** Exports logs over gRPC, to a port of this machine or to a socket file. */
export function exportLogs(at: number | string, body: Uint8Array, { headers, tls }: Saying = {}): Promise<Told> {
  const scheme = tls === undefined ? "http" : "https";
  const session =
    typeof at === "string"
      ? connect("http://localhost", { createConnection: () => connectSocket(at) })
      : connect(`${scheme}://127.0.0.1:${at}`, tls);
  return new Promise<Told>((resolve) => {
    session.on("error", (thrown) => resolve(NOTHING(thrown)));
    session.on("close", () => resolve(NOTHING(new Error("closed"))));
    const stream = session.request({
      ":method": "POST",
      ":path": METHODS.logs,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const told = (given: Readonly<Record<string, unknown>>) => {
      if (given["grpc-status"] === undefined) return;
      const message = decodeURIComponent(String(given["grpc-message"] ?? ""));
      resolve({ status: Number(given["grpc-status"]), headers: given, message });
    };
    stream.on("response", told);
    stream.on("trailers", told);
    stream.on("error", (thrown) => resolve(NOTHING(thrown)));
    stream.resume();
    stream.end(frame(body));
  }).finally(() => session.destroy());
}
