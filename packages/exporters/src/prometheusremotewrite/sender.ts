/** Sends a batch of metrics by remote write: translated once, cut into requests, one after another. */
import { type Batch, type Clock, type Drop, RETURNED, type Verdict } from "@rondo/core";
import type { Recurring } from "@rondo/delivery";
import { WireError } from "@rondo/otlp";
import { createTranslator, type Translator } from "@rondo/prometheus";
import type { HttpConnections } from "../http/connections.ts";
import { tenantHeader } from "../http/tenant-header.ts";
import { togetherRefused } from "../partial-success.ts";
import { dropsOfRefusals } from "../refused-points.ts";
import { labelsOf, translationOf } from "../translation-fields.ts";
import { type Chunk, chunksOf } from "./chunks.ts";
import type { RemoteWriteValues } from "./config.ts";
import { PROTOCOLS, type Protocol, requestOf } from "./protocol.ts";
import { SampleTable } from "./sample-table.ts";
import { verdictOf } from "./verdict-of.ts";

/** What is left of a batch: a retry goes on where the try before it stopped, so that what arrived is not sent again. */
interface Progress {
  readonly chunks: readonly Chunk[];
  next: number;
  readonly drops: Drop[];
  /** Drops of requests that were refused as one. */
  readonly together: Drop[];
}

/** The sender of one exporter. */
export class RemoteWriteSender {
  readonly #values: RemoteWriteValues;
  readonly #clock: Clock;
  readonly #trouble: Recurring;
  readonly #connections: HttpConnections;
  readonly #protocol: Protocol;
  readonly #translator: Translator;
  /** By batch: retries repeat the same object. It is forgotten with the batch. */
  readonly #progress = new WeakMap<Batch, Progress>();

  /** `connections` are the sender's from then on. */
  constructor(values: RemoteWriteValues, connections: HttpConnections, clock: Clock, trouble: Recurring) {
    this.#values = values;
    this.#clock = clock;
    this.#trouble = trouble;
    this.#connections = connections;
    this.#protocol = PROTOCOLS[values.protobuf_message];
    this.#translator = createTranslator({
      ...translationOf(values),
      externalLabels: labelsOf(values.external_labels),
      targetInfo: values.target_info.enabled,
      scopeInfo: !values.disable_scope_info,
    });
  }

  /** One try: every request that has not been settled yet, until one must be tried again. */
  async send(batch: Batch, abort: AbortSignal): Promise<Verdict> {
    const progress = this.#progress.get(batch) ?? this.#begin(batch);
    this.#progress.set(batch, progress);
    // One at a time: two requests on their way could arrive the other way round, and the older samples would be refused.
    for (let chunk = progress.chunks[progress.next]; chunk !== undefined; chunk = progress.chunks[progress.next]) {
      const { body, headers } = requestOf(chunk, this.#protocol, this.#values.send_metadata);
      const all = { ...tenantHeader(batch), ...headers };
      const outcome = await this.#connections.post({ body, headers: all, meta: batch.meta }, abort);
      if ("verdict" in outcome) return outcome.verdict;
      const judged = verdictOf(outcome.answer, chunk, this.#protocol, this.#clock.now());
      if ("kind" in judged) return judged;
      for (const drop of judged.drops) {
        (judged.together ? progress.together : progress.drops).push(drop);
        this.#trouble.happened("the backend refused samples for good", {
          points: drop.items,
          says: drop.detail,
        });
      }
      progress.next++;
    }
    // Should the same object ever come again, it is a batch like any other.
    this.#progress.delete(batch);
    const drops = [...progress.drops, ...joined(batch, progress.together)];
    // What went out was translated from the batch: nothing refers to it any more.
    return drops.length === 0 ? RETURNED : { kind: "settled", drops };
  }

  /** Ends the tries in flight and every connection. */
  async close(): Promise<void> {
    this.#connections.close();
  }

  /** Translates a batch, once for all its tries. */
  #begin(batch: Batch): Progress {
    const table = new SampleTable();
    try {
      const { refusals } = this.#translator.translate(batch.body, table);
      const drops = [...dropsOfRefusals(refusals)];
      for (const { reason, points, metric } of refusals)
        this.#trouble.happened(`Prometheus cannot have a metric: ${reason}`, { metric, points });
      // Rows first: only sorting finds the last clashes.
      const chunks = chunksOf(table.rows(), this.#values.max_batch_size_bytes);
      if (table.clashes > 0) drops.push({ reason: "duplicate_sample", items: table.clashes });
      return { chunks, next: 0, drops, together: [] };
    } catch (thrown) {
      // No retry would make OTLP of it.
      if (!(thrown instanceof WireError)) throw thrown;
      const drop = togetherRefused(batch, "invalid_item", batch.items, thrown.message);
      return { chunks: [], next: 0, drops: [drop], together: [] };
    }
  }
}

/**
 * The refused requests of a batch as one drop: which points they had cannot be told from the outside, so that the search for
 * the bad ones begins with the batch. Samples that it had taken are the same again, which a backend takes while they are its newest.
 */
function joined(batch: Batch, drops: readonly Drop[]): readonly Drop[] {
  const [first] = drops;
  if (first === undefined) return [];
  const items = drops.reduce((sum, drop) => sum + drop.items, 0);
  return [togetherRefused(batch, first.reason, items, first.detail ?? "")];
}
