/**
 * The sink's own small HTTP API, in JSON. A program that ran against the sink asks here what arrived.
 *
 * | request | answer |
 * |---|---|
 * | GET / | addresses, behaviour and counts of every listener |
 * | GET /ids?listener=NAME&signal=SIGNAL | `{"ids": [{"id", "name", "count", "contents"}, …]}` |
 * | POST /reset | forgets what arrived; `?listener=NAME` of one listener only |
 * | POST /behaviour | switches every listener, or `?listener=NAME`, to `{"mode": …}` (behaviour.ts); answers when it is done |
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Fault, suggestion } from "@rondo/core";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { type Behaviour, readBehaviour } from "./behaviour.ts";
import type { Count, Held } from "./holdings.ts";
import { readWhole } from "./request.ts";
import type { SinkListener } from "./sink.ts";

/** What GET / says of one listener. */
export interface ListenerStatus {
  readonly name: string;
  readonly grpc?: string;
  readonly http?: string;
  readonly behaviour: Behaviour;
  readonly counts: Readonly<Record<Signal, Count>>;
}

/** What GET / says. */
export interface SinkStatus {
  readonly listeners: readonly ListenerStatus[];
}

/** What the API needs of a sink: it is made before the sink knows its status address. */
export interface StatusSource {
  readonly listeners: readonly SinkListener[];
  listener(name: string): SinkListener;
}

/** Bytes of a question; a behaviour has fewer than a hundred. */
const MAX_QUESTION = 64 << 10;

/** A server for the API. It does not listen yet. */
export function statusServer(source: StatusSource): Server {
  return createServer((request, response) => {
    answer(source, request, response).catch((thrown: unknown) => {
      const fault = Fault.from(thrown);
      if (response.headersSent) response.destroy();
      else
        json(response, fault.code === "not_found" ? 404 : fault.code === "bug" ? 500 : 400, { error: fault.message });
    });
  });
}

/** What a listener holds and how it behaves, in numbers. */
export function statusOf({ name, grpc, http, behaviour, holdings }: SinkListener): ListenerStatus {
  return {
    name,
    ...(grpc !== undefined && { grpc }),
    ...(http !== undefined && { http }),
    behaviour: behaviour.current,
    counts: {
      traces: holdings.count("traces"),
      metrics: holdings.count("metrics"),
      logs: holdings.count("logs"),
    },
  };
}

type Handler = (source: StatusSource, url: URL, request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** One entry for each line of the table above. */
const ROUTES: Readonly<Record<string, Handler>> = {
  "GET /": async (source, _url, _request, response) =>
    json(response, 200, { listeners: source.listeners.map(statusOf) }),
  "GET /ids": async (source, url, _request, response) => {
    const listener = source.listener(required(url, "listener"));
    const held = listener.holdings.held(signalNamed(required(url, "signal")));
    response.writeHead(200, { "content-type": "application/json" });
    await pipeline(Readable.from(idsText(held)), response);
  },
  "POST /reset": async (source, url, _request, response) => {
    for (const one of chosen(source, url)) one.holdings.reset();
    json(response, 200, { reset: true });
  },
  "POST /behaviour": async (source, url, request, response) => {
    const behaviour = readBehaviour(parse((await readWhole(request, MAX_QUESTION)).toString("utf8")));
    for (const one of chosen(source, url)) await one.behaviour.set(behaviour);
    json(response, 200, behaviour);
  },
};

async function answer(source: StatusSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://sink");
  const route = `${request.method} ${url.pathname}`;
  const handler = Object.hasOwn(ROUTES, route) ? ROUTES[route] : undefined;
  if (handler === undefined) throw new Fault("not_found", `${route}: there are ${Object.keys(ROUTES).join(", ")}`);
  await handler(source, url, request, response);
}

/** In pieces, because a million ids are a hundred megabytes of text. */
function* idsText(held: readonly Held[]): Generator<string> {
  let between = '{"ids":[\n';
  if (held.length === 0) yield between;
  for (const one of held) {
    yield between + JSON.stringify(one);
    between = ",\n";
  }
  yield "\n]}\n";
}

/** The listener that the question names, or all of them. */
function chosen(source: StatusSource, url: URL): readonly SinkListener[] {
  const name = url.searchParams.get("listener");
  return name === null ? source.listeners : [source.listener(name)];
}

function required(url: URL, key: string): string {
  const value = url.searchParams.get(key);
  if (value === null) throw new Fault("invalid", `${url.pathname} needs ?${key}=`);
  return value;
}

function signalNamed(word: string): Signal {
  const signal = SIGNALS.find((one) => one === word);
  if (signal === undefined) throw new Fault("invalid", `signal "${word}"${suggestion(word, SIGNALS)}`);
  return signal;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault("invalid", "the body is not JSON");
  }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}
