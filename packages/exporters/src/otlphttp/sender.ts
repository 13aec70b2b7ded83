/** Sends OTLP over HTTP/1.1, one try at a time, and says how each ended. In protobuf the request's bytes go out as they are. */
import type { Batch, Clock, Verdict } from "@rondo/core";
import { Fault, RETURNED, retry, SETTLED } from "@rondo/core";
import type { Recurring } from "@rondo/delivery";
import type { HeadersByAuth } from "../auth/client-auth.ts";
import type { ConnectionValues } from "../http/connection-fields.ts";
import { HttpConnections } from "../http/connections.ts";
import type { HttpEndpoint } from "../http/http-endpoint.ts";
import type { HttpAnswer } from "../http/post.ts";
import { acceptedVerdict, refusedVerdict, togetherRefused } from "../partial-success.ts";
import { readPartial, readRefusal } from "./answer.ts";
import { type BodyFormat, encodeBody } from "./encode.ts";
import { meaningOf, retryAfterMs } from "./status-table.ts";

/** What a sender needs besides its configuration. */
export interface SenderParts {
  readonly endpoint: HttpEndpoint;
  readonly clock: Clock;
  /** Where what the backend complains of is told. */
  readonly trouble: Recurring;
  /** What the configuration's `auth` makes of the configured headers. */
  readonly byAuth?: HeadersByAuth | undefined;
  /** Headers of one request, in lower case, which win over both. */
  readonly headersOf?: (batch: Batch) => Readonly<Record<string, string>>;
}

/** The sender of an exporter that speaks OTLP/HTTP. */
export class OtlpHttpSender {
  readonly #format: BodyFormat;
  readonly #parts: SenderParts;
  readonly #connections: HttpConnections;

  /** Throws a Fault `config` when a header or a certificate cannot be used. */
  constructor(values: BodyFormat & ConnectionValues, parts: SenderParts) {
    this.#format = values;
    this.#parts = parts;
    this.#connections = new HttpConnections(values, parts.endpoint, parts.byAuth);
  }

  /** One try. Resolves with what the status table makes of the answer; no answer is a retry. */
  async send(batch: Batch, abort: AbortSignal): Promise<Verdict> {
    const encoded = await encodeBody(batch, this.#format);
    // Only JSON is decoded, and only decoding finds out; no retry would make OTLP of it.
    if (encoded === undefined) {
      const drop = togetherRefused(
        batch,
        "invalid_item",
        batch.items,
        "an item of the request cannot be written as JSON",
      );
      return { kind: "settled", drops: [drop] };
    }
    const headers = { ...this.#parts.headersOf?.(batch), ...encoded.headers };
    const outcome = await this.#connections.post({ body: encoded.body, headers, meta: batch.meta }, abort);
    if ("verdict" in outcome) return outcome.verdict;
    const verdict = this.#judge(batch, outcome.answer);
    // Compressed, or as JSON, it was another body that went out.
    const isReturned = verdict === SETTLED && (encoded.body !== batch.body || outcome.answer.isSent);
    return isReturned ? RETURNED : verdict;
  }

  /** Ends the tries in flight and every connection. */
  async close(): Promise<void> {
    this.#connections.close();
  }

  #judge(batch: Batch, answer: HttpAnswer): Verdict {
    const { trouble, clock } = this.#parts;
    const meaning = meaningOf(answer.statusCode);
    if (meaning.outcome === "accepted") return acceptedVerdict(batch, readPartial(batch.signal, answer), trouble);
    // The words are the backend's; what to do about them is the table's hint.
    const why = readRefusal(answer);
    if (meaning.outcome === "refused") return refusedVerdict(batch, why, trouble);
    const message = meaning.hint === undefined ? why : `${why}; ${meaning.hint}`;
    return retry(new Fault(meaning.fault, message), retryAfterMs(answer.headers["retry-after"], clock.now()));
  }
}
