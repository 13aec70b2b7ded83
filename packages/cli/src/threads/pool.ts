/** The threads of a worker: one long task each. One that ends is replaced, and the process lives. */
import { MessageChannel } from "node:worker_threads";
import type { Graph } from "@rondo/config";
import { type Clock, Fault, fired, type Log, siblingModule, sleep } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import { type PagePart, serveJoinedPages } from "@rondo/exporters";
import type { Readiness, Registry } from "@rondo/monitor";
import { addRows, type Ledger, type LedgerRow } from "@rondo/worker";
import { Piscina } from "piscina";
import type { RunningWorker } from "../runtime.ts";
import { Caller } from "./calls.ts";
import type { PartWanted, ThreadFault, ThreadReport, ThreadSettings } from "./report.ts";

/** How long a thread that ended stays away before it is started again, milliseconds. */
const RESTART_MS = 2_000;

/** How often threads are asked whether they are ready, milliseconds. */
const ASK_MS = 1_000;

/** How long a thread may take to close before it is ended, milliseconds. */
const CLOSE_MS = 5_000;

/** How long a thread may take to write its part of a page, milliseconds: half of what Prometheus waits for a page. */
const PART_MS = 5_000;

/** What the threads of a process are started with. */
export interface ThreadsOptions {
  readonly threads: number;
  /** What the threads run: the process serves the pages of its exporters. */
  readonly graph: Pick<Graph, "pipelines">;
  readonly settings: Omit<ThreadSettings, "index" | "readAheadBytes">;
  readonly readAheadBytes: number;
  /** The module whose default export a thread runs; `./task.ts` unless a test has another. */
  readonly module?: URL;
  /** Says how far the groups are behind, over all processes; no account was opened in it. */
  readonly lags: Pick<Ledger, "lags" | "isDrained">;
  readonly registry: Registry;
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the wait for threads that cannot start yet. */
  readonly abort: AbortSignal;
}

const NOTHING: ThreadReport = { rows: [], series: [], unready: [{ condition: "started", reason: "the start to end" }] };

/**
 * Starts the threads, waits until each runs, and keeps as many running until it is closed. Rejects with a Fault `startup` when
 * the page of an exporter has no port or a thread can never start, and with `aborted` when it is asked to stop meanwhile.
 */
export async function startThreads(options: ThreadsOptions): Promise<RunningWorker> {
  const { threads, graph, lags, registry, clock, log, abort } = options;
  const lanes: Lane[] = [];
  const incomplete = registry.counter("rondo_scrape_errors_total", {});
  const partOf = async (lane: Lane, wanted: PartWanted): Promise<PagePart> => {
    try {
      return await lane.part(wanted);
    } catch {
      // A page without one thread's series is worth more than none; that it is short can be seen.
      incomplete.add(1);
      return [];
    }
  };
  const pages = await serveJoinedPages(
    graph.pipelines.flatMap(({ exporters }) => exporters),
    (exporter, format) => Promise.all(lanes.map((lane) => partOf(lane, { exporter, format }))),
    log,
  );
  const filename = (options.module ?? siblingModule("task", import.meta.url)).href;
  const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads, atomics: "disabled" });
  const stop = new AbortController();
  for (let index = 0; index < threads; index++) lanes.push(new Lane(index, pool, options, stop.signal));
  const leave = registry.include(() => lanes.flatMap(({ report }) => report.series));
  const each = (run: (lane: Lane) => Promise<unknown>) =>
    Promise.all(lanes.map((lane) => run(lane).catch(() => undefined)));
  const worker: RunningWorker = {
    ledger: {
      rows: () => sumRows(lanes.flatMap(({ report }) => report.rows)),
      async lags() {
        await each((lane) => lane.ask());
        return await lags.lags();
      },
    },
    hurry: () => void each((lane) => lane.call("hurry")),
    async drained(abort) {
      while (!abort.aborted && !(await lags.isDrained())) await sleep(clock, 100, abort);
    },
    async finished(abort) {
      await Promise.race([each((lane) => lane.call("finished")), fired(abort)]);
    },
    async close() {
      const closed = each((lane) => lane.call("close"));
      // From here on a thread that ends does what it was told.
      stop.abort();
      const late = new AbortController();
      await Promise.race([closed, sleep(clock, CLOSE_MS, late.signal)]);
      late.abort();
      leave();
      await pages.close();
      await pool.destroy();
      await Promise.all(lanes.map(({ ended }) => ended));
    },
  };
  try {
    await Promise.race([Promise.all(lanes.map(({ started }) => started)), fired(abort)]);
    if (abort.aborted) throw new Fault("aborted", "was asked to stop while its threads started");
    return worker;
  } catch (thrown) {
    await worker.close();
    throw thrown;
  }
}

/** One place in the pool, with the task that runs in it now. */
class Lane {
  /** What the thread told last; nothing while it starts. */
  report: ThreadReport = NOTHING;
  readonly ended: Promise<void>;
  /** Resolves when a task has told of itself for the first time: it runs then. Rejects when it says before that it never will. */
  readonly started: Promise<void>;
  readonly #hasStarted: () => void;
  readonly #cannotStart: (fault: Fault) => void;
  readonly #index: number;
  readonly #pool: Piscina;
  readonly #options: ThreadsOptions;
  #caller: Caller | undefined;
  /** Parts of pages that are being written. */
  readonly #parts = new Map<string, Promise<PagePart>>();

  constructor(index: number, pool: Piscina, options: ThreadsOptions, stop: AbortSignal) {
    this.#index = index;
    this.#pool = pool;
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.started = promise;
    this.#hasStarted = resolve;
    this.#cannotStart = reject;
    // At once: a thread answers only when it has started, and the process must not be taken for ready before.
    this.#tell();
    this.ended = this.#run(stop);
    void this.#watch(stop);
  }

  /** Calls the running task; rejects with `unavailable` when there is none. */
  async call(name: "report" | "part" | "hurry" | "finished" | "close", argument?: PartWanted): Promise<unknown> {
    if (this.#caller === undefined) throw new Fault("unavailable", `thread ${this.#index} does not run`);
    return await this.#caller.call(name, argument);
  }

  /** Its part of a page. Rejects when there is none within PART_MS. */
  async part(wanted: PartWanted): Promise<PagePart> {
    const key = `${wanted.exporter} ${wanted.format}`;
    // A thread that hangs is asked once and not again with every scrape.
    const writing = this.#parts.get(key) ?? this.#write(key, wanted);
    const { clock } = this.#options;
    const late = new AbortController();
    const tooLate = sleep(clock, PART_MS, late.signal).then(() => {
      throw new Fault("unavailable", `thread ${this.#index} does not answer`);
    });
    try {
      return await Promise.race([writing, tooLate]);
    } finally {
      tooLate.catch(() => undefined);
      late.abort();
    }
  }

  #write(key: string, wanted: PartWanted): Promise<PagePart> {
    // A task answers `part` with one.
    const writing = this.call("part", wanted) as Promise<PagePart>;
    this.#parts.set(key, writing);
    const written = () => void this.#parts.delete(key);
    writing.then(written, written);
    return writing;
  }

  /** Brings the report and the process's readiness up to date. */
  async ask(): Promise<void> {
    try {
      // A task answers `report` with one.
      this.report = (await this.call("report")) as ThreadReport;
      this.#hasStarted();
    } catch {
      this.report = NOTHING;
    }
    this.#tell();
  }

  #tell(): void {
    const { readiness } = this.#options;
    const name = `thread ${this.#index}`;
    const [first] = this.report.unready;
    if (first === undefined) readiness.holds(name);
    else readiness.lacks(name, `${first.condition}: ${first.reason}`);
  }

  async #watch(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.ask();
      await sleep(this.#options.clock, ASK_MS, stop);
    }
    this.#options.readiness.forget(`thread ${this.#index}`);
  }

  /** Runs task after task until the process stops. */
  async #run(stop: AbortSignal): Promise<void> {
    const { settings, threads, clock, log } = this.#options;
    const readAheadBytes = Math.floor(this.#options.readAheadBytes / threads);
    const index = this.#index;
    const trouble = new Recurring(log, clock, "error");
    while (!stop.aborted) {
      const { port1, port2 } = new MessageChannel();
      this.#caller = new Caller(port1);
      const mine: ThreadSettings = { ...settings, index, readAheadBytes };
      let fault = new Fault("unavailable", `thread ${index} ended`);
      try {
        // Piscina's own type of the list was made for an older Node, in which a port looked otherwise.
        const transferList = [port2] as unknown as NonNullable<Parameters<Piscina["run"]>[1]>["transferList"];
        const given = { settings: mine, port: port2 };
        // A task says why it ended, or nothing.
        const why = (await this.#pool.run(given, { ...(transferList && { transferList }) })) as ThreadFault | undefined;
        if (why !== undefined) fault = new Fault(why.code, why.message);
      } catch (thrown) {
        fault = Fault.from(thrown);
      }
      this.#caller.end(fault);
      this.#caller = undefined;
      if (stop.aborted) return;
      // Of no effect on one that has run: what changed since may change back.
      if (fault.code === "startup" || fault.code === "config") this.#cannotStart(fault);
      trouble.happened("a thread ended and will be started again", { thread: index, fault });
      await sleep(clock, RESTART_MS, stop);
    }
  }
}

/** A group has rows in every thread that holds some of its partitions. */
function sumRows(rows: readonly LedgerRow[]): readonly LedgerRow[] {
  const sums = new Map<string, LedgerRow>();
  for (const row of rows) {
    const key = `${row.group}\n${row.tenant}`;
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? row : { ...row, ...addRows(sum, row), inFlight: sum.inFlight + row.inFlight });
  }
  return [...sums.values()];
}
