/** Joins small batches into large requests without decoding them: each caller still learns the fate of its own items. */
import {
  type Accumulation,
  type Batch,
  type Clock,
  type Deliver,
  Fault,
  free,
  type Layer,
  type Meta,
  RETURNED,
  retry,
  SETTLED,
  type Verdict,
} from "@rondo/core";
import { concatRequests } from "@rondo/otlp";
import { Aborts } from "./aborts.ts";
import { apportion, sourcesOf } from "./apportion.ts";

/** Calls that one accumulate holds at most; one more is answered with a retry verdict and a Fault `throttled`. */
export const WAITING_CALLS = 100_000;

/** What the caller in front knows of its calls. */
export interface Flow {
  /** No further call comes until one is answered: to wait for company would be in vain. */
  isFull(): boolean;
  /** When it fires, nothing waits for company any more. */
  readonly hurry: AbortSignal;
  /** A try has ended; when it is to be repeated, after at most `waitMs`. */
  readonly tried?: (waitMs: number) => void;
}

/**
 * Whether a batch may share a request with others. Profiles may not: each request has a dictionary that everything in it refers to
 * by index, and two of them joined would be one.
 */
const isJoinable = ({ signal }: Batch): boolean => signal !== "profiles";

/**
 * Joins concurrent calls of equal signal, tenant and meta, in call order. Such calls form a lane. A lane
 * - has one request in flight; what comes meanwhile gathers, so requests leave in the order of the calls;
 * - sends when `minItems` have gathered, when its oldest call has waited `waitMs`, and at once when `waitMs` is 0, when the
 *   flow is full or in a hurry;
 * - never joins beyond `maxItems` (0: no bound) or `maxBytes`; a single batch above them goes alone, as every batch of profiles
 *   does, which waits for no company either.
 * A caller that aborts is answered at once: its batch leaves the gathering, or – already in flight – goes on with its
 * companions and may be delivered twice. Only when all callers of a request have aborted is the request aborted.
 * Bytes are held as long as their callers wait: whoever bounds its open calls bounds this Layer.
 */
export function accumulate(how: Accumulation, clock: Clock, flow: Flow, waitingCalls = WAITING_CALLS): Layer {
  return (next) => {
    const lanes = new Map<string, Lane>();
    const aborts = new Aborts();
    aborts.on(flow.hurry, () => {
      for (const lane of [...lanes.values()]) lane.pump();
    });
    let open = 0;
    return (batch, abort) => {
      if (abort.aborted) return Promise.resolve(gaveUp());
      // An empty record: there is nothing to ask a backend for.
      if (batch.items === 0) return Promise.resolve(SETTLED);
      if (open >= waitingCalls) {
        return Promise.resolve(retry(new Fault("throttled", `${open} batches wait already: the limit of accumulate`)));
      }
      const key = keyOf(batch);
      let lane = lanes.get(key);
      if (lane === undefined) {
        lane = new Lane(how, clock, flow, next, aborts, () => lanes.delete(key));
        lanes.set(key, lane);
      }
      open++;
      return lane.add(batch, abort).finally(() => {
        open--;
      });
    };
  };
}

/** What batches must have in common to share a request. */
function keyOf({ signal, tenant, meta }: Batch): string {
  return JSON.stringify([signal, tenant, meta === undefined ? null : entriesInOrder(meta)]);
}

function entriesInOrder(meta: Meta): [string, readonly string[]][] {
  return Object.entries(meta).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** One caller that waits for its verdict. */
interface Call {
  readonly batch: Batch;
  readonly since: number;
  resolve(verdict: Verdict): void;
  reject(thrown: unknown): void;
}

/** The calls of one key: those that gather, and those in flight. */
class Lane {
  readonly #how: Accumulation;
  readonly #clock: Clock;
  readonly #flow: Flow;
  readonly #next: Deliver;
  readonly #aborts: Aborts;
  readonly #idle: () => void;
  /** A Set keeps the order of the calls and lets any of them leave in O(1). */
  readonly #gathering = new Set<Call>();
  #gathered = 0;
  /** `waiting`: of its callers, those that have not given up. */
  #flight: { waiting: number; readonly abort: AbortController } | undefined;
  #cancelTimer: (() => void) | undefined;

  /** `idle` is called when nothing gathers and nothing is in flight. */
  constructor(how: Accumulation, clock: Clock, flow: Flow, next: Deliver, aborts: Aborts, idle: () => void) {
    this.#how = how;
    this.#clock = clock;
    this.#flow = flow;
    this.#next = next;
    this.#aborts = aborts;
    this.#idle = idle;
  }

  add(batch: Batch, abort: AbortSignal): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const done = this.#aborts.on(abort, () => this.#leave(call));
      const call: Call = {
        batch,
        since: this.#clock.monotonic(),
        resolve(verdict) {
          done();
          resolve(verdict);
        },
        reject(thrown) {
          done();
          reject(thrown);
        },
      };
      this.#gathering.add(call);
      this.#gathered += batch.items;
      this.pump();
    });
  }

  #leave(call: Call): void {
    call.resolve(gaveUp());
    if (this.#gathering.delete(call)) {
      this.#gathered -= call.batch.items;
      this.pump();
      return;
    }
    // What is not gathering is in flight: a call that was answered has ended its wait for the abort.
    const flight = this.#flight;
    if (flight !== undefined && --flight.waiting === 0) flight.abort.abort();
  }

  /** Sends when it is time to; else sees to it that it is called again. Called after every change. */
  pump(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#flight) return;
    const [oldest] = this.#gathering;
    if (oldest === undefined) {
      this.#idle();
      return;
    }
    const wait = oldest.since + this.#how.waitMs - this.#clock.monotonic();
    const isReady =
      !isJoinable(oldest.batch) ||
      this.#gathered >= this.#how.minItems ||
      this.#flow.hurry.aborted ||
      this.#flow.isFull();
    if (wait <= 0 || isReady) void this.#send(this.#take());
    else this.#cancelTimer = this.#clock.after(wait, () => this.pump());
  }

  /** Takes calls from the front, as many as fit into one request, always one. */
  #take(): Set<Call> {
    const { maxItems, maxBytes } = this.#how;
    const taken = new Set<Call>();
    let items = 0;
    let bytes = 0;
    for (const call of this.#gathering) {
      items += call.batch.items;
      bytes += call.batch.body.byteLength;
      if (taken.size > 0 && (!isJoinable(call.batch) || (maxItems > 0 && items > maxItems) || bytes > maxBytes)) break;
      taken.add(call);
      this.#gathering.delete(call);
      this.#gathered -= call.batch.items;
    }
    return taken;
  }

  async #send(calls: Set<Call>): Promise<void> {
    const abort = new AbortController();
    this.#flight = { waiting: calls.size, abort };
    const parts = [...calls].map(({ batch }) => batch);
    try {
      const joined = join(parts);
      const verdict = await this.#next(joined, abort.signal);
      const verdicts = parts.length > 1 ? joinedVerdicts(verdict, joined, parts) : [verdict];
      for (const [index, call] of [...calls].entries()) {
        const verdict = verdicts[index];
        if (verdict !== undefined) call.resolve(verdict);
      }
    } catch (thrown) {
      for (const call of calls) call.reject(thrown);
    }
    this.#flight = undefined;
    this.pump();
  }
}

/** One batch of several, with the records it is made of. A batch without company stays itself. */
function join(parts: readonly Batch[]): Batch {
  const [first] = parts;
  if (first === undefined) throw new Fault("bug", "accumulate joined nothing");
  if (parts.length === 1) return first;
  return {
    signal: first.signal,
    tenant: first.tenant,
    items: parts.reduce((sum, { items }) => sum + items, 0),
    body: concatRequests(parts.map(({ body }) => body)),
    sources: parts.flatMap(sourcesOf),
    ...(first.meta !== undefined && { meta: first.meta }),
  };
}

/** Each part's verdict of a join, whose body is nobody else's and a copy of theirs. */
function joinedVerdicts(verdict: Verdict, joined: Batch, parts: readonly Batch[]): readonly Verdict[] {
  if (verdict.kind === "retry" || verdict.drops.length > 0) return apportion(verdict, parts);
  if (verdict.returned) free(joined.body);
  return parts.map(() => RETURNED);
}

function gaveUp(): Verdict {
  return retry(new Fault("aborted", "the caller gave up"));
}
