/** OTLP/JSON to protobuf: what is small at once, what is large in a thread, so that nobody's answer waits for another's body. */
import { type Clock, Fault, type Log, siblingModule } from "@rondo/core";
import { type Signal, SizeError, WireError } from "@rondo/otlp";
import type { Piscina } from "piscina";
import { fairQueue } from "./fair-queue.ts";
import { DEADLINE_MS } from "./intake.ts";
import type { JsonFailure, JsonTask } from "./json-thread.ts";

/**
 * Texts of so many bytes and more go to the thread. Here they would take 0.3 ms and more, and many times that when they are made to
 * be slow; the hop takes a tenth of a millisecond, half of it from the event loop.
 */
export const THREAD_BYTES = 128 << 10;

/**
 * Texts that are converted at once. What stands beside the admission account meanwhile, a request that is being made, is then one,
 * as if it were made here; and one thread makes 400 MB/s.
 */
const THREADS = 1;

/** A turn of a tenant, bytes of text. */
const TURN_BYTES = 1 << 20;

/** After so long without a large text the thread ends, milliseconds, and its memory, 10 MiB, goes back. The next waits 50 ms for another. */
const IDLE_MS = 60_000;

/**
 * The heap of the thread, MiB. Text and request are outside of it; a value in base64 passes through a string, which is 40 MiB when
 * it is the whole of a body. Of the young part little is used, and what it grows to stays.
 */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 };

/** What Piscina takes for a list of memory. */
type TransferList = NonNullable<NonNullable<Parameters<Piscina["run"]>[1]>["transferList"]>;

/** Under what a text is converted. */
export interface JsonBounds {
  /** The bytes that the request may have in protobuf. */
  readonly limit: number;
  /** Whose text it is: tenants take turns. */
  readonly tenant: string;
}

/** Converts texts. */
export interface JsonConversion {
  /**
   * The request in protobuf, in memory of its own. That of the text may be gone afterwards. Rejects with what `requestFromJson`
   * throws; with an `unavailable` Fault when the thread ended over it or was not free within DEADLINE_MS, and an `aborted` one
   * after `close`.
   */
  convert(signal: Signal, text: Uint8Array, bounds: JsonBounds): Promise<Uint8Array>;
  /** Ends the thread; what waits is rejected. */
  close(): Promise<void>;
}

/** What the conversion works with. */
export interface JsonConversionOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The module that the thread runs; `./json-thread.ts` unless a test has another. */
  readonly module?: URL;
}

/** A text that waits for the thread. */
interface Waiting {
  readonly bytes: number;
  readonly task: JsonTask;
  /** When it is too late to begin, monotonic: its client is gone by then. */
  readonly until: number;
  readonly resolve: (request: Uint8Array) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes the conversion; its thread begins with the first large text. */
export function jsonConversion({ clock, log, module }: JsonConversionOptions): JsonConversion {
  const filename = (module ?? siblingModule("json-thread", import.meta.url)).href;
  // Bounded by the admission account: whoever waits here holds credits for the text.
  const waiting = fairQueue<Waiting>(TURN_BYTES, () => 1);
  let pool: Piscina | undefined;
  let running = 0;
  let isClosed = false;

  const begin = (Pool: typeof Piscina): Piscina => {
    const begun = new Pool({
      filename,
      name: "convertJson",
      minThreads: 0,
      maxThreads: THREADS,
      idleTimeout: IDLE_MS,
      // What they save of a hop is nothing beside a text of this size.
      atomics: "disabled",
      recordTiming: false,
      resourceLimits: HEAP,
    });
    // Of a thread that could not be started; whoever waits for it would wait for ever.
    begun.on("error", (thrown) => void end(begun, thrown));
    return begun;
  };

  /** Gives up a pool of which a thread has ended: the next text gets another. */
  const end = async (ended: Piscina, thrown: unknown) => {
    if (pool !== ended) return;
    pool = undefined;
    if (!isClosed) {
      log.error("the thread that converts JSON has ended; another begins with the next large body", {
        fault: Fault.from(thrown, "unavailable"),
      });
    }
    await ended.destroy();
  };

  const run = async ({ task, until }: Waiting): Promise<Uint8Array> => {
    if (clock.monotonic() > until) throw new Fault("unavailable", "too much JSON waits to be converted");
    const { Piscina } = await import("piscina");
    if (isClosed) throw closed();
    pool ??= begin(Piscina);
    const mine = pool;
    let made: Uint8Array | JsonFailure;
    try {
      // What `convertJson` returns, of which Piscina knows no type; that of its list was made for an older Node.
      const transferList = [task.text.buffer] as unknown as TransferList;
      made = (await mine.run(task, { transferList })) as Uint8Array | JsonFailure;
    } catch (thrown) {
      await end(mine, thrown);
      if (isClosed) throw closed();
      throw new Fault("unavailable", "the thread that converts JSON has ended", { cause: thrown });
    }
    if (made instanceof Uint8Array) return made;
    throw thrownBy(made);
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
    async convert(signal, text, { limit, tenant }) {
      if (text.length < THREAD_BYTES) {
        // The code is loaded with the first such request.
        const { requestFromJson } = await import("@rondo/otlp/json");
        return requestFromJson(signal, text, limit);
      }
      return await new Promise((resolve, reject) => {
        const task = { signal, text: whole(text), limit };
        const until = clock.monotonic() + DEADLINE_MS;
        waiting.push(tenant, { bytes: text.length, task, until, resolve, reject });
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

/** What a text was refused with, as `requestFromJson` throws it. */
function thrownBy(failed: JsonFailure): unknown {
  if (failed.kind === "too_large") return new SizeError(failed.limit);
  return failed.kind === "malformed" ? new WireError(failed.problem, failed.offset, failed.path) : failed.thrown;
}

function closed(): Fault {
  return new Fault("aborted", "the gateway has been closed");
}

/** The text as all of its memory: only whole memory can go to a thread. Bodies of this size are, or get a copy. */
function whole(text: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = text;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === text.byteLength;
  return isWhole ? new Uint8Array(buffer) : new Uint8Array(text);
}
