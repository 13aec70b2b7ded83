/** The connections of one HTTP exporter: kept between requests, bounded, closed at once, and silent about secrets. */
import { Agent, validateHeaderName, validateHeaderValue } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { Fault, type Meta, retry, tlsMaterial, unanswered, type Verdict } from "@rondo/core";
import { type HeadersByAuth, httpValue } from "../auth/client-auth.ts";
import type { ConnectionValues } from "./connection-fields.ts";
import type { HttpEndpoint } from "./http-endpoint.ts";
import { type HttpAnswer, post } from "./post.ts";

/** Bytes of an answer that are read. An OTLP answer has at most 4 MiB by the specification, and a few hundred in fact. */
const ANSWER_BYTES = 65_536;

/** A request's body, and the headers that describe it. */
export interface HttpBody {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string | number>>;
  /** The client metadata of what is in the body. */
  readonly meta?: Meta | undefined;
}

/** How a try ended: with an answer to be judged, or with a verdict because there was none. */
export type HttpOutcome = { readonly answer: HttpAnswer } | { readonly verdict: Verdict };

/** Sends to one URL, with the configured headers on every request. */
export class HttpConnections {
  readonly #url: URL;
  readonly #headers: ReadonlyMap<string, string>;
  readonly #byAuth: HeadersByAuth | undefined;
  readonly #agent: Agent;
  readonly #closed = new AbortController();

  /** Throws a Fault `config` when a header or a certificate cannot be used. */
  constructor(values: ConnectionValues, endpoint: HttpEndpoint, byAuth?: HeadersByAuth) {
    this.#url = endpoint.url;
    this.#headers = headersOf(values, endpoint);
    this.#byAuth = byAuth;
    this.#agent = agentOf(values, endpoint.url);
  }

  /**
   * One try; the body's headers, in lower case, win over the configured ones and what `auth` makes of them. No answer is a retry,
   * `unanswered` when the backend may have read the request; an abort or `close` is a retry with the fault `aborted`. Never rejects.
   */
  async post({ body, headers, meta }: HttpBody, abort: AbortSignal): Promise<HttpOutcome> {
    // Closing ends tries as an abort does: both leave the batch with its caller.
    const either = AbortSignal.any([abort, this.#closed.signal]);
    if (either.aborted) return { verdict: gaveUp() };
    const ours = this.#byAuth?.(this.#headers, meta, httpValue) ?? this.#headers;
    const all = { ...Object.fromEntries(ours), ...headers };
    try {
      const answer = await post(
        { url: this.#url, headers: all, body, agent: this.#agent, limit: ANSWER_BYTES },
        either,
      );
      return { answer };
    } catch (thrown) {
      if (either.aborted) return { verdict: gaveUp() };
      const fault = new Fault("unavailable", noAnswer(this.#url, thrown));
      return { verdict: neverLeft(thrown) ? retry(fault) : unanswered(fault) };
    }
  }

  /** Ends the tries in flight and every connection; what is posted afterwards is `aborted`. */
  close(): void {
    this.#closed.abort();
    this.#agent.destroy();
  }
}

/** Lower-case names, so that what describes the body always wins. Throws a Fault `config` that names a header, never its value. */
function headersOf({ headers }: ConnectionValues, { userInfo }: HttpEndpoint): ReadonlyMap<string, string> {
  const all = new Map([["user-agent", "rondo"]]);
  if (userInfo !== undefined) all.set("authorization", `Basic ${Buffer.from(userInfo.reveal()).toString("base64")}`);
  for (const [name, value] of headers) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value.reveal());
    } catch {
      throw new Fault(
        "config",
        `headers: ${name} is not a header that HTTP can send; check for line breaks and odd letters`,
      );
    }
    all.set(name.toLowerCase(), value.reveal());
  }
  return all;
}

/** The connections of one exporter: kept between requests, and at most as many as configured. */
function agentOf(values: ConnectionValues, url: URL): Agent {
  const options = {
    keepAlive: !values.disable_keep_alives,
    maxSockets: values.max_conns_per_host === 0 ? Number.POSITIVE_INFINITY : values.max_conns_per_host,
    maxFreeSockets: values.max_idle_conns,
    timeout: values.idle_conn_timeout === 0 ? IDLE_MS : Math.min(values.idle_conn_timeout, IDLE_MS),
  };
  if (url.protocol === "http:") return new Agent(options);
  const { ca, ...material } = tlsMaterial(values.tls);
  return new TlsAgent({ ...options, ...material, ...(ca !== undefined && { ca: [...ca] }) });
}

/**
 * Idle connections are kept no longer than this, milliseconds, whatever is configured: many servers close theirs after five
 * seconds, and a request that meets the closing may or may not have been read.
 */
const IDLE_MS = 4_000;

/** Whether a request failed before a byte of it could have left: the name or the connection was not to be had. */
function neverLeft(thrown: unknown): boolean {
  const causes: unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
  return causes.every((cause) => {
    if (!(cause instanceof Error) || !("syscall" in cause)) return false;
    return cause.syscall === "connect" || cause.syscall === "getaddrinfo";
  });
}

/** Names the host, never the whole URL: paths and queries may carry tokens. */
function noAnswer(url: URL, thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  // A name with several addresses fails with one error for each.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  const said = first instanceof Error && first.message !== "" ? first.message : cause.message;
  return `no answer from ${url.host}: ${said === "" ? "the connection failed" : said}`;
}

function gaveUp(): Verdict {
  return retry(new Fault("aborted", "the try was aborted"));
}
