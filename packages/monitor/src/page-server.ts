/** A small HTTP server for pages that operators and probes read: GET only, every size and wait bounded. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Fault } from "@rondo/core";

/** What a page answers. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** The Allow header of a 405, RFC 9110 §15.5.6. */
  readonly allow?: string;
}

/** Makes a page for a request's Accept header and query. What it throws or rejects with becomes a 500. */
export type PageMaker = (accept: string | undefined, query: URLSearchParams) => Page | Promise<Page>;

/** Where to listen and what to serve. */
export interface PageServerOptions {
  /** What the pages are, for messages: `metrics`, `health`. */
  readonly purpose: string;
  /** How the operator sets the address, for messages: `--metrics-address`. */
  readonly setBy: string;
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** By path, without a query. */
  readonly pages: ReadonlyMap<string, PageMaker>;
}

/** A server that listens. */
export interface PageServer {
  /** `host:port` as a client would write it, with the port that was picked; IPv6 hosts in brackets. */
  readonly address: string;
  readonly port: number;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

/** Bounds of a page server: a probe or a scraper needs far less of each. */
export const PAGE_SERVER_LIMITS = { headerBytes: 16_384, requestMs: 10_000, idleMs: 30_000, connections: 64 } as const;

/** What can be wrong with an address, and the way out. */
const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: "is in use by another process; stop it or choose another address",
  EACCES: "may not be used by this user; choose a port of 1024 or above",
  EADDRNOTAVAIL: "is not an address of this machine; choose one that is",
  ENOTFOUND: "names a host that is not known; choose an address of this machine",
};

/** Starts a server; throws a `startup` Fault that names the setting when it cannot listen. */
export async function servePages(options: PageServerOptions): Promise<PageServer> {
  const { host, port, purpose, setBy } = options;
  const { headerBytes, requestMs, idleMs, connections } = PAGE_SERVER_LIMITS;
  const server = createServer(
    {
      maxHeaderSize: headerBytes,
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: requestMs,
    },
    (request, response) => {
      answer(request, options).then(
        (page) => send(response, page),
        // Without the reason: a page is read by whoever reaches the port, the log by the operator.
        () => send(response, text(500, "500 this page could not be made")),
      );
    },
  );
  // Bounds a page that is never made, too: nothing then moves on its connection.
  server.timeout = idleMs;
  server.maxConnections = connections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (thrown: NodeJS.ErrnoException) => {
      const problem = LISTEN_PROBLEMS[thrown.code ?? ""] ?? `cannot be listened on (${thrown.message}); choose another`;
      reject(
        new Fault("startup", `${purpose} address ${join(host, port)} ${problem} with ${setBy}`, { cause: thrown }),
      );
    });
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  const picked = typeof bound === "object" && bound !== null ? bound.port : port;
  return {
    address: join(host, picked),
    port: picked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer({ method, url = "/", headers }: IncomingMessage, { pages }: PageServerOptions): Promise<Page> {
  const [path = "", ...query] = url.split("?");
  const make = pages.get(path);
  if (method !== "GET" && method !== "HEAD") {
    return { ...text(405, "405 method not allowed, supported: [GET, HEAD]"), allow: "GET, HEAD" };
  }
  if (make === undefined) return text(404, `404 not found, here are: ${[...pages.keys()].join(", ")}`);
  // A body is of no use here, and one that never ends must not hold the connection.
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  return hasBody
    ? text(400, "400 a request for a page has no body")
    : make(headers.accept, new URLSearchParams(query.join("?")));
}

function text(status: number, line: string): Page {
  return { status, contentType: "text/plain; charset=utf-8", body: `${line}\n` };
}

function send(response: ServerResponse, { status, contentType, body, allow }: Page): void {
  // What refuses a request also ends its connection: a body may follow that nobody reads.
  response.writeHead(status, {
    ...(allow !== undefined && { Allow: allow }),
    ...(status >= 400 && status < 500 && { Connection: "close" }),
    "Content-Type": contentType,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  // Node leaves the body of an answer to HEAD out by itself.
  response.end(body);
}

/** RFC 3986 §3.2.2: an IPv6 address stands in brackets, or its end would be taken for a port. */
function join(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
