/** An HTTP proxy that keeps what was posted through it, with the time: what a server was told, and not only what it made of it. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** One POST that was answered. */
export interface RecordedPost {
  /** When its body had arrived, milliseconds since the epoch. */
  readonly at: number;
  readonly path: string;
  readonly body: Buffer;
  /** The server's answer; 502 when there was none. */
  readonly status: number;
}

/** A proxy that listens on loopback. */
export interface RecordingProxy {
  readonly port: number;
  readonly url: string;
  /** In the order in which the answers came. */
  readonly posts: readonly RecordedPost[];
  close(): Promise<void>;
}

/** Where a proxy listens and what is behind it. */
export interface RecordingProxyOptions {
  /** 0, the default, picks one. */
  readonly port?: number;
  /** The server's port on loopback; it may be down. */
  readonly target: number;
}

/** The body of a message, whole. Rejects when it breaks off. */
async function whole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Starts a proxy that forwards everything. */
export async function startRecordingProxy({ port = 0, target }: RecordingProxyOptions): Promise<RecordingProxy> {
  const posts: RecordedPost[] = [];
  const forward = (from: IncomingMessage, body: Buffer) =>
    new Promise<{ readonly answer: IncomingMessage; readonly said: Buffer }>((resolve, reject) => {
      const { method = "GET", url = "/", headers } = from;
      const sent = request({ host: "127.0.0.1", port: target, method, path: url, headers }, (answer) => {
        whole(answer).then((said) => resolve({ answer, said }), reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  const handle = async (from: IncomingMessage, to: ServerResponse) => {
    const body = await whole(from);
    const at = Date.now();
    const outcome = await forward(from, body).catch(() => undefined);
    const status = outcome?.answer.statusCode ?? 502;
    if (from.method === "POST") posts.push({ at, path: from.url ?? "/", body, status });
    const { "transfer-encoding": _, ...headers } = outcome?.answer.headers ?? {};
    to.writeHead(status, headers).end(outcome?.said);
  };
  const server = createServer((from, to) => {
    // A client that broke off has nothing to be told, and the server has not heard of it.
    handle(from, to).catch(() => to.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    posts,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
