/**
 * Throws mutated requests at a target, a good one after each hundred, and writes down whatever breaks a promise: an answer that the
 * table has not, no answer, a good request that is refused, something accepted that cannot be read, memory that grows.
 */
import { type FuzzRequest, goodRequest, mutatedRequest } from "./mutated-request.ts";
import type { Encoding, Seeds } from "./seeds.ts";
import type { Target } from "./target.ts";

/** Requests between two good ones. */
const HUNDRED = 100;
/** Hundreds between two looks at what was accepted. */
const CHECK_EVERY = 10;
/** An answer that takes longer is none. More than a gateway may wait for its log, and a busy machine may let it stand. */
const ANSWER_MS = 30_000;
const WATCH_MS = 500;
/** Problems after which a run ends: the next ones would be the same. */
const ENOUGH = 10;

/** What memory may grow by between the fourth and the last eighth of a run, beside a tenth: the heap settles in steps of some 40 MiB. */
const GROWTH_BYTES = 64 << 20;
/** Samples of memory in a run; below so many requests they would say nothing. */
const SAMPLES = 64;
const SAMPLED_FROM = 100_000;

/** What is thrown, at what. */
export interface FuzzOptions {
  readonly target: Target;
  readonly seeds: Seeds;
  readonly encoding: Encoding;
  readonly seed: number;
  /** The number of the first request. */
  readonly from: number;
  readonly requests: number;
  /** Requests under way at a time. */
  readonly atOnce: number;
  /** Ends the run early: what came of it until then is answered. */
  readonly abort?: AbortSignal;
  /** Told of the number of each request when it begins. */
  readonly begins?: (index: number) => void;
  /** Told how many were answered, now and then. */
  readonly progress?: (answered: number) => void;
}

/** A promise that was broken. */
export interface Problem {
  /** The request's number; absent where it is one of the run as a whole. */
  readonly index?: number;
  readonly request?: FuzzRequest;
  readonly text: string;
}

/** What came of a run. */
export interface FuzzResult {
  readonly requests: number;
  readonly statuses: ReadonlyMap<number, number>;
  readonly problems: readonly Problem[];
  /** The longest time to an answer, milliseconds. */
  readonly slowestMs: number;
  readonly seconds: number;
  /** Anonymous memory in each eighth of the run, bytes; absent in short runs. */
  readonly memory?: readonly number[];
}

/** Runs to the end, or until there are ten problems. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { target, seeds, encoding, seed, from, requests } = options;
  const statuses = new Map<number, number>();
  const problems: Problem[] = [];
  const memory: number[] = [];
  const sampleEvery = Math.max(HUNDRED, Math.floor(requests / SAMPLES / HUNDRED) * HUNDRED);
  const watch = answerWatch();
  const started = performance.now();

  /** Sends one request; answers the sentence that is wrong with the answer, if one is. */
  const send = async (request: FuzzRequest, whole: boolean): Promise<string | undefined> => {
    try {
      const answered = await watch.within(target.send(request));
      statuses.set(answered.status, (statuses.get(answered.status) ?? 0) + 1);
      if (answered.problem === undefined && whole && !answered.whole) {
        return `a good request was answered ${answered.status}, and not taken whole`;
      }
      return answered.problem;
    } catch (thrown) {
      return `no answer: ${thrown instanceof Error ? thrown.message : thrown}`;
    }
  };
  const request = (index: number) => mutatedRequest(seeds, encoding, seed, index);
  const one = async (index: number) => {
    options.begins?.(index);
    const text = await send(request(index), false);
    if (text !== undefined) problems.push({ index, request: request(index), text });
  };
  /** After a check failed: the requests of its hundreds again, each with a check of its own, until one fails alone. */
  const culprit = async (first: number, last: number, text: string) => {
    for (let index = first; index < last; index++) {
      await one(index);
      const found = await target.check().then(() => undefined, textOf);
      if (found !== undefined) return problems.push({ index, request: request(index), text: found });
    }
    return problems.push({ text: `${text}, somewhere from ${first} to ${last}` });
  };

  const end = from + requests;
  let checked = from;
  let first = from;
  for (; first < end && problems.length < ENOUGH && options.abort?.aborted !== true; first += HUNDRED) {
    const last = Math.min(end, first + HUNDRED);
    await inParallel(options.atOnce, first, last, one);
    const good = goodRequest(seeds, encoding, first / HUNDRED);
    const text = await send(good, true);
    if (text !== undefined) problems.push({ request: good, text: `${text}, after request ${last - 1}` });
    if ((last - from) % (HUNDRED * CHECK_EVERY) === 0 || last === end) {
      const failed = await target.check().then(() => undefined, textOf);
      if (failed !== undefined) await culprit(checked, last, failed);
      checked = last;
    }
    if ((last - from) % sampleEvery === 0) {
      if (requests >= SAMPLED_FROM) memory.push(target.memory());
      options.progress?.(last - from);
    }
  }
  watch.end();
  const eighths = memory.length < SAMPLES / 2 || problems.length > 0 ? [] : eighthsOf(memory);
  const [before = 0, after = 0] = [eighths[3], eighths[7]];
  if (after > before * 1.1 + GROWTH_BYTES) problems.push({ text: `memory grew from ${before} to ${after} B` });
  const seconds = (performance.now() - started) / 1_000;
  return {
    ...{ requests: Math.min(first, end) - from, statuses, problems, slowestMs: watch.slowestMs, seconds },
    ...(eighths.length > 0 && { memory: eighths }),
  };
}

const textOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown));

async function inParallel(lanes: number, from: number, to: number, run: (index: number) => Promise<void>) {
  let next = from;
  const lane = async () => {
    while (next < to) await run(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Ends the wait for answers that do not come, with one timer for all of them. */
function answerWatch() {
  const open = new Set<{ readonly since: number; readonly look: number; readonly late: (error: Error) => void }>();
  let slowestMs = 0;
  // Counted in looks: while this process itself stands still, there are none.
  let looks = 0;
  const timer = setInterval(() => {
    looks++;
    for (const { look, late } of open) {
      if ((looks - look) * WATCH_MS > ANSWER_MS) late(new Error(`none within ${ANSWER_MS} ms`));
    }
  }, WATCH_MS);
  return {
    within<T>(answer: Promise<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        const one = { since: performance.now(), look: looks, late: reject };
        open.add(one);
        const settled = () => {
          open.delete(one);
          slowestMs = Math.max(slowestMs, performance.now() - one.since);
        };
        answer.then(resolve, reject).finally(settled);
      });
    },
    get slowestMs() {
      return slowestMs;
    },
    end: () => clearInterval(timer),
  };
}

/** The middle sample of each eighth. */
function eighthsOf(samples: readonly number[]): readonly number[] {
  return Array.from({ length: 8 }, (_, part) => {
    const at = (eighth: number) => Math.floor((samples.length * eighth) / 8);
    const sorted = samples.slice(at(part), at(part + 1)).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  });
}
