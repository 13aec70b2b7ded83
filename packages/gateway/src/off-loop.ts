/** Work on large bodies in a thread, so that nobody's answer waits for another's body: bounded, fair, and nothing when it is not used. */
import { type Clock, Fault, type Log, siblingModule } from "@rondo/core";
import { SizeError, WireError } from "@rondo/otlp";
import type { Piscina } from "piscina";
import type { Failed, ThreadWork } from "./body-thread.ts";
import { fairQueue } from "./fair-queue.ts";

/**
 * Bodies that are worked on at once. What stands beside the admission account meanwhile is what is being made of one, as if it were
 * made here; and one thread makes protobuf of 400 MB of JSON a second.
 */
const THREADS = 1;

/** A turn of a tenant, bytes of bodies. */
const TURN_BYTES = 1 << 20;

/** What has waited for so long is not begun, milliseconds: common clients give up after 10 s. */
export const WAIT_MS = 8_000;

/** After so long without a large body the thread ends, milliseconds, and its memory, 10 MiB, goes back. The next waits 50 ms for another. */
const IDLE_MS = 60_000;

/**
 * The heap of the thread, MiB. Bodies are outside of it; a value in base64 passes through a string, which is 40 MiB when it is the
 * whole of a text. Of the young part little is used, and what it grows to stays.
 */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 };

/** What Piscina takes for a list of memory. */
type TransferList = NonNullable<NonNullable<Parameters<Piscina["run"]>[1]>["transferList"]>;

type Name = keyof ThreadWork;
type Result = ThreadWork[Name]["result"];

/** A thread for large bodies. */
export interface OffLoop {
  /**
   * Does `name` of body-thread.ts, for a tenant: tenants take turns. All the memory that the body is in goes with it, and is gone
   * here once it is begun. Rejects with what is thrown over the body; with an `unavailable` Fault when the thread ended over it or
   * was not free within `waitMs`, or WAIT_MS, and an `aborted` one after `close`.
   */
  run<N extends Name>(
    name: N,
    tenant: string,
    task: ThreadWork[N]["task"],
    waitMs?: number,
  ): Promise<ThreadWork[N]["result"]>;
  /** Ends the thread; what it had to do is rejected. */
  close(): Promise<void>;
}

/** What it works with. */
export interface OffLoopOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The module that the thread runs; `./body-thread.ts` unless a test has another. */
  readonly module?: URL;
}

/** A body that waits for the thread. */
interface Waiting {
  readonly bytes: number;
  readonly name: Name;
  readonly task: ThreadWork[Name]["task"];
  /** When it is too late to begin, monotonic. */
  readonly until: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/** A thread that begins with the first large body. */
export function offLoop({ clock, log, module }: OffLoopOptions): OffLoop {
  const filename = (module ?? siblingModule("body-thread", import.meta.url)).href;
  // Bounded by the admission account: whoever waits here holds credits for the body.
  const waiting = fairQueue<Waiting>(TURN_BYTES, () => 1);
  let pool: Piscina | undefined;
  let running = 0;
  let isClosed = false;

  const begin = (Pool: typeof Piscina): Piscina => {
    const begun = new Pool({
      filename,
      minThreads: 0,
      maxThreads: THREADS,
      idleTimeout: IDLE_MS,
      // What they save of a hop is nothing beside a body of this size.
      atomics: "disabled",
      recordTiming: false,
      resourceLimits: HEAP,
    });
    // Of a thread that could not be started; whoever waits for it would wait for ever.
    begun.on("error", (thrown) => void end(begun, thrown));
    return begun;
  };

  /** Gives up a pool of which a thread has ended: the next body gets another. */
  const end = async (ended: Piscina, thrown: unknown) => {
    if (pool !== ended) return;
    pool = undefined;
    if (!isClosed) {
      log.error("the thread for large bodies has ended; another begins with the next one", {
        fault: Fault.from(thrown, "unavailable"),
      });
    }
    await ended.destroy();
  };

  const run = async ({ name, task, until }: Waiting): Promise<Result> => {
    if (clock.monotonic() > until) throw new Fault("unavailable", "too many large bodies wait to be read");
    const { Piscina } = await import("piscina");
    if (isClosed) throw closed();
    pool ??= begin(Piscina);
    const mine = pool;
    let made: Result | Failed;
    try {
      // What the function returns, of which Piscina knows no type; that of its list was made for an older Node.
      const transferList = [task.body.buffer] as unknown as TransferList;
      made = (await mine.run(task, { name, transferList })) as Result | Failed;
    } catch (thrown) {
      await end(mine, thrown);
      if (isClosed) throw closed();
      throw new Fault("unavailable", "the thread for large bodies has ended", { cause: thrown });
    }
    if ("failed" in made) throw thrownBy(made);
    return made;
  };

  const next = () => {
    while (running < THREADS) {
      const [first] = waiting.take(1, () => true);
      if (first === undefined) return;
      running += 1;
      void run(first)
        .then(first.resolve, first.reject)
        .finally(() => {
          running -= 1;
          next();
        });
    }
  };

  return {
    run<N extends Name>(name: N, tenant: string, task: ThreadWork[N]["task"], waitMs = WAIT_MS) {
      return new Promise<ThreadWork[N]["result"]>((done, reject) => {
        // The function of this name was called with its task, and returned this.
        const resolve = (result: Result) => done(result as ThreadWork[N]["result"]);
        const until = clock.monotonic() + waitMs;
        waiting.push(tenant, { bytes: task.body.length, name, task, until, resolve, reject });
        next();
      });
    },
    async close() {
      isClosed = true;
      // What runs is rejected by it, and what waits in its turn.
      await pool?.destroy();
    },
  };
}

/** What was thrown over a body, as it was thrown. */
function thrownBy({ failed }: Failed): unknown {
  if (failed.kind === "too_large") return new SizeError(failed.limit);
  if (failed.kind === "fault") return new Fault(failed.code, failed.message);
  return failed.kind === "malformed" ? new WireError(failed.problem, failed.offset, failed.path) : failed.thrown;
}

function closed(): Fault {
  return new Fault("aborted", "the gateway has been closed");
}
