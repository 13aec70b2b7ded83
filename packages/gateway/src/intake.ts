/**
 * What happens to a request between its last byte and its answer, on both transports alike: validate the structure, set aside what
 * is flawed or too large, partition by service identity, make every part durable. OK is said only then; anything else is the
 * client's to repeat.
 */
import { RAW_TOPICS } from "@rondo/broker";
import { type Clock, Fault, free, type Log, type Meta, type Random } from "@rondo/core";
import type { Carried } from "@rondo/otlp";
import type { Admission, Denial, Permit } from "./admission.ts";
import { BATCH_LIMITS, type Batcher, type Piece } from "./batcher.ts";
import { type CutTerms, cutRequest, type Work } from "./cut-request.ts";
import type { Account, Reasons } from "./metrics.ts";
import type { OffLoop } from "./off-loop.ts";
import { flawRefusals, ITEM_BYTES, type Refusal, refusalMessage, refusalWarnings } from "./refused-items.ts";
import { requestFault, statusOf } from "./status-table.ts";
import { wholeRequest } from "./whole-request.ts";

/**
 * Requests of so many bytes and more are validated and cut off the loop: here that takes 1 to 2 ms, and many times that when they are
 * made to be slow.
 */
export const CUT_THREAD_BYTES = 1 << 20;

/**
 * From so many bytes on, a request that grew more than this when it was inflated leaves the loop, too. Telemetry shrinks to a tenth or
 * a twentieth; 100 bytes that become a megabyte are made to be slow, and cost nothing to send: a dozen a second would be all of a core.
 */
const DENSE_BYTES = 64 << 10;
const DENSE_RATIO = 32;

/** Of signals that nobody looks into. */
const NO_FLAWS: Work["flawed"] = { count: 0, kinds: new Map() };

/** A request that is not durable after this is answered as retryable: below the 10 s of common clients. */
export const DEADLINE_MS = 8_000;

/** Every item is durable, but for `rejected`, which is final. */
export interface Accepted {
  readonly kind: "accepted";
  readonly items: number;
  readonly rejected: number;
  /** Why items were rejected; empty when none was. */
  readonly message: string;
}

/** Nothing is acknowledged. `afterMs` stands whenever later may do. */
export interface Refused {
  readonly kind: "refused";
  readonly fault: Fault;
  readonly afterMs?: number;
}

/** What becomes of a request: its items are durable, but for those named, or its client still has them all. */
export type Answer = Accepted | Refused;

/** Whose a request is, with what is kept of its metadata. */
export interface Sender extends Account {
  readonly meta?: Meta | undefined;
}

/** Where requests go in. */
export interface Intake {
  readonly admission: Admission;
  /** A refusal for `fault`, with the wait that its row of the status table asks for; `waitMs` is known better at times. */
  refuse(fault: Fault, waitMs?: number): Refused;
  /** The refusal for bytes that the admission account does not grant to the tenant. */
  overloaded(bytes: number, tenant: string): Refused;
  /**
   * Takes a whole, inflated request, whose memory is the intake's from then on. `permit` covers its bytes and is released when
   * they are let go. What is not durable after `withinMs`, DEADLINE_MS at most, is refused. `sentBytes` is what the client sent of it,
   * compressed; absent: all. Never rejects.
   */
  take(sender: Sender, body: Uint8Array, permit: Permit, withinMs?: number, sentBytes?: number): Promise<Answer>;
}

/** What the intake works with. */
export interface IntakeSurroundings {
  readonly admission: Admission;
  readonly batcher: Batcher;
  readonly thread: Pick<OffLoop, "run">;
  readonly partitionsOf: (signal: Carried) => number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Whether all of a receiver's items is read here: `validate: full`. What is inside items is the worker's to read otherwise. */
  readonly isDeep: (receiver: string) => boolean;
  /** Counts items that were acknowledged, and items that were refused, which `reasons` names. */
  readonly count: (account: Account, accepted: number, refused: number, reasons?: Reasons) => void;
}

/** Makes the intake of a gateway. */
export function intake(around: IntakeSurroundings): Intake {
  const { admission, batcher, clock, random, log, count } = around;
  const warn = refusalWarnings(log, clock);

  const refuse = (fault: Fault, waitMs?: number): Refused => {
    if (!statusOf(fault).retryable) return { kind: "refused", fault };
    // Up to a fifth more, so that clients refused together do not come back together.
    return { kind: "refused", fault, afterMs: (waitMs ?? admission.retryAfterMs()) * (1 + random() / 5) };
  };

  const overloaded = (bytes: number, tenant: string): Refused => {
    const { inUse, credits, ceiling } = admission;
    const { reason, waitMs } = admission.denial(bytes, tenant);
    const faults: Readonly<Record<Denial["reason"], () => Fault>> = {
      never: () =>
        new Fault("too_large", `a request of ${bytes} B exceeds all ${credits} B of the memory limiter's account`),
      rate: () => new Fault("throttled", `tenant ${tenant} sends more than its limits under tenants: allow`),
      share: () =>
        new Fault(
          "throttled",
          `tenant ${tenant} has its part of the gateway's ${credits} B in flight; others want theirs`,
        ),
      full: () => new Fault("unavailable", `the gateway is busy: ${inUse} of ${ceiling} B are in flight`),
    };
    return refuse(faults[reason](), waitMs);
  };

  /** What a request comes to. Throws and rejects as `cutRequest` and `wholeRequest`. */
  const workOf = (
    sender: Sender,
    body: Uint8Array,
    { sentBytes, waitMs }: { readonly sentBytes: number; readonly waitMs: number },
  ): Work | Promise<Work> => {
    const { signal, tenant, receiver: via, meta } = sender;
    const partitions = around.partitionsOf(signal);
    if (signal === "profiles")
      return { ...wholeRequest(sender, body, partitions), flawed: NO_FLAWS, tooLarge: 0, body };
    const { recordBytes } = BATCH_LIMITS;
    const terms: CutTerms = {
      signal,
      topic: RAW_TOPICS[signal],
      tenant,
      via,
      meta,
      partitions,
      isDeep: around.isDeep(via),
      recordBytes,
      itemBytes: ITEM_BYTES,
    };
    const isDense = body.length >= DENSE_BYTES && body.length > DENSE_RATIO * sentBytes;
    if (body.length < CUT_THREAD_BYTES && !isDense) return cutRequest(terms, body);
    return around.thread.run("cutRequest", tenant, { ...terms, body }, waitMs);
  };

  return {
    admission,
    refuse,
    overloaded,
    async take(sender, given, permit, withinMs = DEADLINE_MS, sentBytes = given.length) {
      const received = given.length;
      const leftMs = Math.min(withinMs, DEADLINE_MS);
      const until = clock.monotonic() + leftMs;
      let work: Work;
      try {
        const cut = workOf(sender, given, { sentBytes, waitMs: leftMs });
        // Most are small, and need no turn of the loop.
        work = cut instanceof Promise ? await cut : cut;
      } catch (thrown) {
        free(given);
        permit.release();
        return refuse(requestFault(thrown));
      }
      const { items, pieces, body } = work;
      const refusals = refusalsOf(work);
      const { tenant } = sender;
      // The body's own memory may be gone as soon as its pieces are joined with others, or by now.
      const bytes = received + copiedBytes(body, pieces);
      // Asked again: many requests may have been let in since the rate was last charged.
      if (admission.isOverRate(tenant) || !permit.resize(bytes)) {
        for (const piece of pieces) free(piece.body);
        free(body);
        permit.release();
        const answer = overloaded(bytes, tenant);
        count(sender, 0, items, { [answer.fault.code]: items });
        return answer;
      }
      admission.charge(tenant, received, items);
      if (pieces.every((piece) => piece.body.buffer !== body.buffer)) {
        free(body);
        permit.resize(bytes - received);
      }
      const fault = await durable(pieces, batcher, clock, Math.max(0, until - clock.monotonic()), () =>
        permit.release(),
      );
      if (fault !== undefined) {
        admission.refund(tenant, received, items);
        count(sender, 0, items, { [fault.code]: items });
        return refuse(statusOf(fault).retryable ? fault : new Fault("unavailable", fault.message, { cause: fault }));
      }
      admission.drained(received, tenant);
      if (refusals.length === 0) {
        count(sender, items, 0);
        return { kind: "accepted", items, rejected: 0, message: "" };
      }
      const rejected = refusals.reduce((sum, refusal) => sum + refusal.items, 0);
      count(sender, items - rejected, rejected, reasonsOf(refusals));
      warn(sender, refusals);
      const message = refusalMessage(sender, items, refusals);
      return { kind: "accepted", items: items - rejected, rejected, message };
    },
  };
}

/** Bytes of pieces that are not the request itself: they stand in memory beside it while it is cut. */
function copiedBytes(body: Uint8Array, pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => (piece.body === body ? sum : sum + piece.body.length), 0);
}

/** Items by reason: several flaws may have one. */
function reasonsOf(refusals: readonly Refusal[]): Reasons {
  const reasons: Record<string, number> = {};
  for (const { reason, items } of refusals) reasons[reason] = (reasons[reason] ?? 0) + items;
  return reasons;
}

function refusalsOf({ flawed, tooLarge }: Work): readonly Refusal[] {
  const refusals = flawRefusals(flawed);
  return tooLarge === 0 ? refusals : [...refusals, { reason: "item_too_large", items: tooLarge }];
}

/**
 * Undefined when all are durable, else the first fault; at the deadline too. Parts whose append has not begun are then taken back.
 * `release` runs when the last part is let go, which may be after the answer.
 */
function durable(
  pieces: readonly Piece[],
  batcher: Batcher,
  clock: Clock,
  withinMs: number,
  release: () => void,
): Promise<Fault | undefined> {
  if (pieces.length === 0) {
    release();
    return Promise.resolve(undefined);
  }
  return new Promise((resolve) => {
    let open = pieces.length;
    let isOver = false;
    const withdrawals: (() => void)[] = [];
    const withdrawAll = () => {
      for (const withdraw of withdrawals) withdraw();
    };
    const end = (fault?: Fault) => {
      if (isOver) return;
      isOver = true;
      cancel();
      resolve(fault);
      if (fault !== undefined) withdrawAll();
    };
    const settled = (fault?: Fault) => {
      open -= 1;
      if (open <= 0) release();
      if (fault !== undefined || open <= 0) end(fault);
    };
    const late = () => end(new Fault("unavailable", `the log did not take the request within ${withinMs / 1_000} s`));
    const cancel = clock.after(withinMs, late, { background: true });
    for (const piece of pieces) withdrawals.push(batcher.submit(piece, settled));
    // Memory for a record may be short at once.
    if (isOver) withdrawAll();
  });
}
