/**
 * Open-loop load: requests leave when the schedule says, however the other side is doing, so that a stall shows instead of
 * slowing the load down with it.
 */
import type { OtlpClient } from "../../rig/otlp-client.ts";
import { type Corpus, stampInto } from "./corpus.ts";

/** Requests that may wait for their answer, at least, and seconds of load: over both the subject cannot keep up and the round is void. */
const MIN_IN_FLIGHT = 256;
const SECONDS_IN_FLIGHT = 3;

/** What a load run did. */
export interface LoadResult {
  readonly requests: number;
  readonly items: number;
  /** Requests that were not accepted, by what came instead. */
  readonly failures: ReadonlyMap<string, number>;
  /** How far behind its schedule the generator ever was, in ms. */
  readonly lateMs: number;
  /** Median and 99th percentile of intended send to answer, in ms. */
  readonly p50: number;
  readonly p99: number;
}

/** A load that runs until it is stopped. */
export interface Load {
  /** Stops sending, waits for the answers that are still due, and sums up. */
  stop(): Promise<LoadResult>;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Sends `itemsPerSecond` through `client`, numbering the items from 0 on. */
export function startLoad(corpus: Corpus, client: OtlpClient, itemsPerSecond: number): Load {
  const mostInFlight = Math.max(MIN_IN_FLIGHT, (SECONDS_IN_FLIGHT * itemsPerSecond) / corpus.size);
  const intervalMs = (corpus.size / itemsPerSecond) * 1000;
  const room = Math.max(...corpus.templates.map(({ body }) => body.length));
  const free: Buffer[] = [];
  const failures = new Map<string, number>();
  const latencies: number[] = [];
  const pending = new Set<Promise<void>>();
  const began = performance.now();
  let requests = 0;
  let lateMs = 0;
  const fail = (what: string) => failures.set(what, (failures.get(what) ?? 0) + 1);

  const sendOne = async (number: number, dueMs: number) => {
    const template = corpus.templates[number % corpus.templates.length];
    if (template === undefined) throw new Error("the corpus is empty");
    const target = free.pop() ?? Buffer.allocUnsafeSlow(room);
    const answer = await client.send(corpus.signal, stampInto(target, template, number * corpus.size));
    free.push(target);
    latencies.push(performance.now() - began - dueMs);
    if (answer.kind === "refused") fail(`${answer.status} ${answer.text}`);
    else if (answer.kind === "unanswered") fail(answer.text);
  };

  const tick = () => {
    const now = performance.now() - began;
    while (requests * intervalMs <= now) {
      lateMs = Math.max(lateMs, now - requests * intervalMs);
      if (pending.size >= mostInFlight) {
        fail(`more than ${mostInFlight} requests unanswered`);
        return;
      }
      const one: Promise<void> = sendOne(requests, requests * intervalMs).finally(() => pending.delete(one));
      pending.add(one);
      requests++;
    }
  };
  const timer = setInterval(tick, Math.max(1, Math.min(5, intervalMs)));

  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
      const sorted = latencies.sort((a, b) => a - b);
      return {
        requests,
        items: requests * corpus.size,
        failures,
        lateMs,
        p50: percentile(sorted, 0.5),
        p99: percentile(sorted, 0.99),
      };
    },
  };
}
