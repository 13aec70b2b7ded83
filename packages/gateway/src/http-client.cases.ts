/** An HTTP client that sends whatever it is told to, and what it was told. */
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";

/** What a client was told. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Of protobuf bodies. */
export const PROTOBUF = { "content-type": "application/x-protobuf" };
/** Of JSON bodies. */
export const JSON_TYPE = { "content-type": "application/json" };

/** Sends a request on a connection of its own. */
export function send(
  port: number,
  path: string,
  body: Uint8Array | string,
  headers: Record<string, string> = PROTOBUF,
  method = "POST",
) {
  return new Promise<Reply>((resolve, reject) => {
    const out = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    out.on("error", reject);
    out.end(body);
  });
}

/** Sends bytes as they are and reads until the server closes. */
export function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
    socket.write(bytes);
  });
}
