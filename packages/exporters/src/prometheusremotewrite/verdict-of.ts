/** What a backend's answer means for the points of one request: the one mapping of remote write. */
import { type Drop, Fault, type Retry, retry } from "@rondo/core";
import type { HttpAnswer } from "../http/post.ts";
import { readRefusal } from "../otlphttp/answer.ts";
import { meaningOf, retryAfterMs } from "../otlphttp/status-table.ts";
import type { Chunk } from "./chunks.ts";
import { type Protocol, writtenSamples } from "./protocol.ts";

/** Settled with what was refused, which is often nothing, and whether that was the whole request; or a retry. */
export type ChunkOutcome = { readonly drops: readonly Drop[]; readonly together?: true } | Retry;

/**
 * Statuses mean what they mean in OTLP: 5xx, 429, redirects and what speaks of credentials or address are tried again – a Prometheus
 * that was not told to take remote write answers 404 – everything else is for good: a 400 names samples that are out of order,
 * too old or malformed, and stays one. Version 1 then refuses all of a request; version 2 says how
 * many samples it wrote, whatever the status.
 */
export function verdictOf(answer: HttpAnswer, chunk: Chunk, protocol: Protocol, now: number): ChunkOutcome {
  const meaning = meaningOf(answer.statusCode);
  const written = protocol.counts ? writtenSamples(answer.headers) : undefined;
  if (meaning.outcome === "accepted") {
    if (!protocol.counts) return { drops: [] };
    // Older backends take a message of version 2 for an empty one of version 1, and accept it.
    if (written === undefined) return notSpoken("its answer does not say how many samples were written");
    return { drops: dropsOf(chunk, chunk.samples - written, `wrote ${written} of ${chunk.samples} samples`) };
  }
  if (protocol.counts && answer.statusCode === 415) return notSpoken("it does not know the media type");
  const why = readRefusal(answer);
  if (meaning.outcome === "later") {
    const message = meaning.hint === undefined ? why : `${why}; ${meaning.hint}`;
    return retry(new Fault(meaning.fault, message), retryAfterMs(answer.headers["retry-after"], now));
  }
  const drops = dropsOf(chunk, chunk.samples - (written ?? 0), why);
  // What was written in part has been judged sample by sample, and which they were cannot be known.
  return (written ?? 0) === 0 ? { drops, together: true } : { drops };
}

/** Nothing is lost over a setting: the requests wait until it is changed. */
function notSpoken(why: string): Retry {
  return retry(
    new Fault(
      "config",
      `the backend does not take remote write 2: ${why}; set protobuf_message: prometheus.WriteRequest`,
    ),
  );
}

/** Points are what is counted here, and backends count samples: a part of one is taken for the same part of the other. */
function dropsOf({ points, samples }: Chunk, lost: number, detail: string): readonly Drop[] {
  if (lost <= 0 || points === 0) return [];
  const share = Math.min(points, Math.max(1, Math.round((points * Math.min(lost, samples)) / samples)));
  return [{ reason: "backend_rejected", items: share, detail }];
}
