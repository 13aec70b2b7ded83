/** `otlphttp`: sends OTLP over HTTP/1.1. In protobuf the request's bytes go out as they are, compressed off the event loop. */
import { Agent, validateHeaderName, validateHeaderValue } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { type Batch, type Clock, defineExporter, Fault, retry, unanswered, type Verdict } from "@rondo/core";
import type { Recurring } from "@rondo/delivery";
import { SIGNALS, type Signal } from "@rondo/otlp";
import { acceptedVerdict, refusedVerdict } from "../partial-success.ts";
import { sendingExporter } from "../sending-fields.ts";
import { tlsMaterial } from "../tls.ts";
import { readPartial, readRefusal } from "./answer.ts";
import { check, fields, type OtlpHttpValues } from "./config.ts";
import { encodeBody } from "./encode.ts";
import { type HttpEndpoint, urlOf } from "./endpoint.ts";
import { type HttpAnswer, post } from "./post.ts";
import { meaningOf, retryAfterMs } from "./status-table.ts";

/** Bytes of an answer that are read. An OTLP answer has at most 4 MiB by the specification, and a few hundred in fact. */
const ANSWER_BYTES = 65_536;

/** The `otlphttp` exporter. */
export const otlphttp = defineExporter({
  type: "otlphttp",
  aliases: ["otlp_http"],
  summary: "Sends to any backend that takes OTLP over HTTP, such as Prometheus, Loki or another Collector.",
  signals: SIGNALS,
  fields,
  check,
  create: (values, around) =>
    sendingExporter(
      values,
      around,
      (trouble) => new HttpSender(values, endpointOf(values, around.signal), around.clock, trouble),
    ),
});

class HttpSender {
  readonly #values: OtlpHttpValues;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: Agent;
  readonly #clock: Clock;
  readonly #trouble: Recurring;
  readonly #closed = new AbortController();

  constructor(values: OtlpHttpValues, endpoint: HttpEndpoint, clock: Clock, trouble: Recurring) {
    this.#values = values;
    this.#url = endpoint.url;
    this.#headers = headersOf(values, endpoint);
    this.#agent = agentOf(values, endpoint.url);
    this.#clock = clock;
    this.#trouble = trouble;
  }

  /** One try. Resolves with what the status table makes of the answer; no answer is a retry. */
  async send(batch: Batch, abort: AbortSignal): Promise<Verdict> {
    // Closing ends tries as an abort does: both leave the batch with its caller.
    const either = AbortSignal.any([abort, this.#closed.signal]);
    const encoded = await encodeBody(batch, this.#values);
    // Only JSON is decoded, and only decoding finds out; no retry would make OTLP of it.
    if (encoded === undefined) return { kind: "settled", drops: [{ reason: "invalid_item", items: batch.items }] };
    if (either.aborted) return gaveUp();
    const headers = { ...this.#headers, ...encoded.headers };
    let answer: HttpAnswer;
    try {
      answer = await post(
        { url: this.#url, headers, body: encoded.body, agent: this.#agent, limit: ANSWER_BYTES },
        either,
      );
    } catch (thrown) {
      if (either.aborted) return gaveUp();
      const fault = new Fault("unavailable", noAnswer(this.#url, thrown));
      return neverLeft(thrown) ? retry(fault) : unanswered(fault);
    }
    return this.#judge(batch, answer);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#agent.destroy();
  }

  #judge(batch: Batch, answer: HttpAnswer): Verdict {
    const meaning = meaningOf(answer.statusCode);
    if (meaning.outcome === "accepted") return acceptedVerdict(batch, readPartial(batch.signal, answer), this.#trouble);
    // The words are the backend's; what to do about them is the table's hint.
    const why = readRefusal(answer);
    if (meaning.outcome === "refused") return refusedVerdict(batch, why, this.#trouble);
    const message = meaning.hint === undefined ? why : `${why}; ${meaning.hint}`;
    return retry(new Fault(meaning.fault, message), retryAfterMs(answer.headers["retry-after"], this.#clock.now()));
  }
}

/** One signal may have an address of its own. Throws a Fault `config` when this one has none at all. */
function endpointOf(values: OtlpHttpValues, signal: Signal): HttpEndpoint {
  const own = { traces: values.traces_endpoint, metrics: values.metrics_endpoint, logs: values.logs_endpoint }[signal];
  const endpoint = urlOf(signal, values.endpoint, own);
  if (endpoint === undefined)
    throw new Fault("config", `set endpoint or ${signal}_endpoint: ${signal} have nowhere to go`);
  return endpoint;
}

/** Lower-case names, so that what describes the body always wins. Throws a Fault `config` that names a header, never its value. */
function headersOf({ headers }: OtlpHttpValues, { userInfo }: HttpEndpoint): Readonly<Record<string, string>> {
  const all: Record<string, string> = { "user-agent": "rondo" };
  if (userInfo !== undefined) all["authorization"] = `Basic ${Buffer.from(userInfo.reveal()).toString("base64")}`;
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
    all[name.toLowerCase()] = value.reveal();
  }
  return all;
}

/** The connections of one exporter: kept between requests, and at most as many as configured. */
function agentOf(values: OtlpHttpValues, url: URL): Agent {
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
