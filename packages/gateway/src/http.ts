/** OTLP over HTTP/1.1: protobuf and JSON, limits before decompression, an answer in the request's encoding for whatever comes. */
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import type { Http2Server } from "node:http2";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import { Fault, free } from "@rondo/core";
import { type Carried, EXPORT_PATHS } from "@rondo/otlp";
import { headersWith } from "./auth/auth-fields.ts";
import { isIdentity, type Known } from "./auth/authenticator.ts";
import { corsOf } from "./cors.ts";
import { type Encoding, encodingOf, writeAnswer, writeHttpOnly, writeRefusal } from "./http-answer.ts";
import { discard, isRefused, readBody, type Whole } from "./http-body.ts";
import { answerGarbage } from "./http-garbage.ts";
import { inflation } from "./inflate.ts";
import { type Answer, DEADLINE_MS, type Sender } from "./intake.ts";
import { accept, closed, type Listener, type ListenerOptions } from "./listener.ts";
import type { Outcome } from "./metrics.ts";
import { BODY_BYTES, type HttpValues } from "./otlp-receiver.ts";
import { readingTurns } from "./reading-turns.ts";
import { sharePort } from "./shared-port.ts";
import { requestFault } from "./status-table.ts";
import type { ServerTls } from "./tls/server-tls.ts";

const HEADER_BYTES = 16 << 10;
const HEADERS_MS = 10_000;
const REQUEST_MS = 15_000;
/** Above the 60 s at which common load balancers let go, so that it is never we who close under a request. */
const IDLE_MS = 75_000;

/** How long nothing may move on a connection while a request or its answer is under way: twice the gateway's own deadline. */
const WRITE_MS = 30_000;

const PROTOBUF = "application/x-protobuf";

/**
 * Starts the HTTP listener of a receiver. Rejects with a `startup` Fault when the endpoint cannot be bound. With `http2` it shares its
 * port: connections of HTTP/2 go there, and whoever gave it ends them.
 */
export async function startHttp(values: HttpValues, options: ListenerOptions, http2?: Http2Server): Promise<Listener> {
  const bounds = {
    headersTimeout: values.read_header_timeout || HEADERS_MS,
    requestTimeout: values.read_timeout || REQUEST_MS,
    keepAliveTimeout: values.idle_timeout || IDLE_MS,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: HEADER_BYTES,
    noDelay: true,
  };
  const { tls, clock } = options;
  const { server, cut } = listening(tls, bounds, http2 === undefined ? ["http/1.1"] : ["h2", "http/1.1"]);
  server.timeout = values.write_timeout || WRITE_MS;
  const sharing = { isSecure: tls !== undefined, headersMs: bounds.headersTimeout, clock };
  const endUndecided = http2 === undefined ? () => {} : sharePort(server, { ...sharing, http2 });
  const { handle, encodingOn } = handler(values, options);
  let stopping = false;
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    if (stopping || !values.keep_alives_enabled) response.shouldKeepAlive = false;
    handle(request, response);
  };
  server.on("request", serve);
  // A client that asks before it sends is told `100 Continue` only when its body will be read.
  server.on("checkContinue", serve);
  server.on("clientError", (error: Error, socket: Socket) => {
    const encoding = encodingOn(socket);
    const { intake } = options;
    const outcome = answerGarbage(error, socket, encoding && { encoding, intake });
    // Who reads a body counts its end.
    if (outcome !== undefined && encoding === undefined) options.answered(outcome, 0);
  });
  const { address, port } = await accept(server, options);
  return {
    protocol: "http",
    host: address,
    port,
    stop() {
      stopping = true;
      endUndecided();
      server.close();
      server.closeIdleConnections();
    },
    close() {
      stopping = true;
      endUndecided();
      return closed(server, cut);
    },
  };
}

/** The server, in TLS where there is some, and what cuts its connections. */
function listening(
  tls: ServerTls | undefined,
  bounds: ServerOptions,
  protocols: string[],
): { readonly server: Server; cut(): void } {
  if (tls === undefined) {
    const server = createServer(bounds);
    return { server, cut: () => server.closeAllConnections() };
  }
  const server = createSecureServer({ ...bounds, ...tls.options, ALPNProtocols: protocols });
  return { server, cut: tls.serve(server) };
}

/** A request that can be read. */
interface Route {
  readonly signal: Carried;
  readonly encoding: Encoding;
  readonly compression: string | undefined;
}

/** A request that is refused by its headers. */
interface Misrouted {
  readonly http: 400 | 404 | 405 | 415;
  readonly outcome: Outcome;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Handler {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** The encoding of the body that is being read from a socket. */
  readonly encodingOn: (socket: Socket) => Encoding | undefined;
}

function handler(values: HttpValues, options: ListenerOptions): Handler {
  const { receiver, authenticator, metadata, intake, json, pending, clock, answered } = options;
  const parameters = values.auth?.request_params ?? [];
  const paths = new Map<string, Carried>(
    options.signals.map((signal) => [
      // As in the Collector, the path of profiles cannot be configured.
      signal === "profiles" ? EXPORT_PATHS.profiles : values[`${signal}_url_path`],
      signal,
    ]),
  );
  const encodings = values.compression_algorithms;
  const across = corsOf(values.cors);
  /** The sockets that a body is being read from. A weak map of them would be looked through at every scavenge. */
  const reading = new Map<Socket, Encoding>();
  const limit = values.max_request_body_size || BODY_BYTES;
  const turns = readingTurns(clock);
  const inflating = inflation(clock, intake.admission.credits);

  /** What can be said of a request from its headers: how to read it, or what is wrong with it. */
  const route = (request: IncomingMessage, encoding: Encoding | undefined): Route | Misrouted => {
    const target = request.url ?? "";
    const path = paths.has(target) ? target : pathOf(target);
    if (path === undefined) return { http: 400, outcome: "invalid", message: "400 the request target is not a URL" };
    const signal = paths.get(path);
    if (signal === undefined) {
      const known = [...paths.keys()].join(", ");
      return { http: 404, outcome: "not_found", message: `404 no pipeline takes data at this path; known: ${known}` };
    }
    if (request.method !== "POST") {
      return {
        http: 405,
        outcome: "unsupported",
        message: "405 method not allowed, supported: [POST]",
        headers: { Allow: "POST" },
      };
    }
    if (encoding === undefined) {
      const supported = `[application/json, ${PROTOBUF}]`;
      return { http: 415, outcome: "unsupported", message: `415 unsupported media type, supported: ${supported}` };
    }
    if (signal === "profiles" && encoding.name === "json") {
      const message = `415 profiles pass through as they came and are not converted; send ${PROTOBUF}`;
      return { http: 415, outcome: "unsupported", message };
    }
    const named = (request.headers["content-encoding"] ?? "").trim().toLowerCase();
    const compression = named === "identity" ? "" : named;
    if (encodings.includes(compression)) return { signal, encoding, compression: compression || undefined };
    const supported = encodings.map((name) => name || "identity").join(", ");
    return {
      http: 415,
      outcome: "unsupported",
      message: `415 unsupported Content-Encoding, supported: [${supported}]`,
      headers: { "Accept-Encoding": supported },
    };
  };

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of values.response_headers) response.setHeader(name, value);
    if (across?.answered(request, response)) return;
    const headers = headersWith(request.headers, request.url ?? "", parameters);
    const known = authenticator.authenticate(headers, request.socket);
    if (!(known instanceof Promise)) admitted(request, response, known);
    // Who has gone in the meantime would never be heard of again.
    else known.then((then) => (request.destroyed ? answered("gone", 0) : admitted(request, response, then)));
  };

  const admitted = (request: IncomingMessage, response: ServerResponse, known: Known): void => {
    const encoding = encodingOf(request.headers["content-type"]);
    const refuse = (fault: Fault) => {
      discard(request, turns);
      writeRefusal(response, intake.refuse(fault), encoding);
      answered(fault.code, 0);
    };
    if (!isIdentity(known)) {
      if (known.code === "unauthenticated") response.setHeader("WWW-Authenticate", authenticator.challenge);
      refuse(known);
      return;
    }
    const found = route(request, encoding);
    if ("signal" in found) {
      const { tenant } = known;
      const meta = metadata?.keep(tenant, request.rawHeaders);
      if (meta instanceof Fault) refuse(meta);
      else void exchange(request, response, found, { receiver, signal: found.signal, tenant, meta });
      return;
    }
    discard(request, turns);
    for (const [name, value] of Object.entries(found.headers ?? {})) response.setHeader(name, value);
    writeHttpOnly(response, found.http, found.message, encoding);
    answered(found.outcome, 0);
  };

  /** Reads, takes in and answers. Every way out of it has answered, or the client is gone. */
  const exchange = async (request: IncomingMessage, response: ServerResponse, found: Route, sender: Sender) => {
    const { signal, encoding, compression } = found;
    const { tenant } = sender;
    let arrived = clock.monotonic();
    let outcome: Outcome;
    const { socket } = request;
    try {
      reading.set(socket, encoding);
      const received = await readBody(request, {
        limit,
        intake,
        turns,
        tenant,
        expect: (bytes) => (compression === undefined ? bytes : inflating.expect(bytes, limit)),
        admitted: () => request.headers.expect !== undefined && response.writeContinue(),
      });
      reading.delete(socket);
      arrived = clock.monotonic();
      if (received === undefined) return answered("gone", 0);
      const answer: Answer = isRefused(received) ? received : await pending(taken(received, found, sender));
      writeAnswer(response, answer, encoding, signal);
      outcome = outcomeOf(answer);
    } catch (thrown) {
      reading.delete(socket);
      const fault = requestFault(thrown);
      options.log.error("a request could not be answered", { receiver, fault: fault.stack });
      if (!response.headersSent) writeAnswer(response, intake.refuse(fault), encoding, signal);
      outcome = fault.code;
    }
    answered(outcome, (clock.monotonic() - arrived) / 1_000);
  };

  const taken = async (
    { body, permit }: Whole,
    { signal, encoding, compression }: Route,
    sender: Sender,
  ): Promise<Answer> => {
    const { tenant } = sender;
    let request: Uint8Array = body;
    const sent = body.length;
    // What it waits for on the way to the intake is a part of its client's wait.
    const until = clock.monotonic() + DEADLINE_MS;
    try {
      if (compression !== undefined) {
        request = replaced(request, await inflating.inflate(compression, request, { limit, permit, intake, tenant }));
      }
      // The limit holds for both forms: numbers take more bytes in protobuf.
      if (encoding.name === "json" && signal !== "profiles")
        request = replaced(request, await json(signal, request, { limit, tenant }));
    } catch (thrown) {
      free(request);
      permit.release();
      return intake.refuse(requestFault(thrown));
    }
    const bytes = request.length;
    if (permit.resize(bytes)) {
      const left = until - clock.monotonic();
      return await intake.take(sender, request, permit, left, sent);
    }
    free(request);
    permit.release();
    return intake.overloaded(bytes, tenant);
  };

  return { handle, encodingOn: (socket) => reading.get(socket) };
}

/** What a body has become; the memory of what it was goes back. */
function replaced(before: Uint8Array, after: Uint8Array): Uint8Array {
  if (before.buffer !== after.buffer) free(before);
  return after;
}

/** The path of a request target: of its origin form, or of the absolute form that proxies send (RFC 9112 §3.2). */
function pathOf(target: string): string | undefined {
  const [path] = target.split("?", 1);
  return path?.startsWith("/") ? path : URL.parse(target)?.pathname;
}

function outcomeOf(answer: Answer): Outcome {
  if (answer.kind === "refused") return answer.fault.code;
  return answer.rejected > 0 ? "partial" : "ok";
}
