/**
 * What every processor of state `keep` must stand: killed and rebalanced at random points, its pipeline's output equals that of a
 * run without faults, once readers have skipped what they had before. Rules of the log 5. A component joins by one line.
 */
import {
  type Broker,
  type Claim,
  enrichedTopic,
  isSettled,
  pipelineGroup,
  RAW_TOPICS,
  rawHeaders,
  readEnrichedHeaders,
  readOrigin,
  type SettledOrigin,
} from "@rondo/broker";
import { type AnyProcessorType, type Clock, Fault, fired, systemClock } from "@rondo/core";
import { countItems, type Signal } from "@rondo/otlp";
import fc from "fast-check";
import { expect, test } from "vitest";

/** A component with what it is configured with and fed. */
export interface KeepSubject {
  readonly type: AnyProcessorType;
  readonly signal: Signal;
  /** What its fields parse to. */
  readonly values: unknown;
  /** Values of raw records. */
  readonly request: fc.Arbitrary<Uint8Array>;
}

/** One process of a worker that runs one pipeline. */
export interface KeepProcess {
  readonly subject: KeepSubject;
  readonly claim: Claim;
  /** Fires when the process is to end. */
  readonly ended: AbortSignal;
  readonly broker: Broker;
  /** Runs by itself, and never shows the same time in two runs. */
  readonly clock: Clock;
  readonly group: string;
  readonly enrichedTopic: string;
  /** When checkpoints are due. */
  readonly bounds: { readonly intervalMs: number; readonly rawBytes: number };
}

/** A log of one history. */
export interface KeepLog {
  readonly broker: Broker;
  /** Of the names of topics and groups, where histories share a log. */
  readonly prefix?: string;
  dispose(): Promise<void>;
}

/** What the contract is run on. */
export interface KeepHarness {
  /** An empty log of `PARTITIONS` partitions a topic; `dispose` removes it. */
  open(clock: Clock): Promise<KeepLog>;
  /** Runs the pipeline on one partition, one record at a time, until `ended` fires. */
  run(process: KeepProcess): Promise<void>;
  /** How many histories, each with up to `MOST_FAULTS` faults. */
  readonly runs: number;
}

/** Partitions of each topic. */
export const PARTITIONS = 2;
/** Faults of one history. */
const MOST_FAULTS = 4;
/** Operations on the log within which faults fall. */
const OPERATIONS = 70;

interface Step {
  readonly body: Uint8Array;
  readonly partition: number;
  readonly tenant: string;
  /** Milliseconds of the broker's clock before it. */
  readonly waitMs: number;
}

interface FaultPoint {
  readonly kind: "kill" | "rebalance";
  /** Whether the operation that it falls on is done first. */
  readonly done: boolean;
}

interface History {
  readonly steps: readonly Step[];
  readonly faults: ReadonlyMap<number, FaultPoint>;
  readonly bounds: KeepProcess["bounds"];
}

/** Declares the contract for one component in the current test file. */
export function keepContract(name: string, subject: KeepSubject, harness: KeepHarness): void {
  test(`${name} knows after kills and rebalances what it knew before`, { timeout: 120_000 }, () =>
    checkKeep(subject, harness),
  );
}

/** The contract itself; rejects with the smallest history that breaks it. */
export async function checkKeep(subject: KeepSubject, harness: KeepHarness): Promise<void> {
  const step = fc.record({
    body: subject.request,
    partition: fc.nat({ max: PARTITIONS - 1 }),
    tenant: fc.constantFrom("a", "b"),
    waitMs: fc.constantFrom(0, 1, 1_000, 40_000),
  });
  const point = fc.record({ kind: fc.constantFrom("kill" as const, "rebalance" as const), done: fc.boolean() });
  const history = fc.record({
    steps: fc.array(step, { minLength: 3, maxLength: 24, size: "max" }),
    faults: fc
      .array(fc.tuple(fc.nat({ max: OPERATIONS }), point), { minLength: 1, maxLength: MOST_FAULTS })
      .map((points) => new Map(points)),
    bounds: fc.record({
      intervalMs: fc.constantFrom(0, 20, 100, 1_000_000),
      rawBytes: fc.constantFrom(1, 2_000, 1 << 30),
    }),
  });
  await fc.assert(
    fc.asyncProperty(history, async (one) => {
      const faultless = await play(subject, harness, { ...one, faults: new Map() });
      expect(await play(subject, harness, one)).toEqual(faultless);
    }),
    { numRuns: harness.runs, endOnFailure: true },
  );
}

/** Runs a history to its end, and returns what readers of the enriched topic get, by partition. */
async function play(subject: KeepSubject, harness: KeepHarness, { steps, faults, bounds }: History) {
  let now = Date.UTC(2026, 0, 1);
  const { broker, dispose, prefix = "" } = await harness.open({ ...systemClock, now: () => now });
  const raw = prefix + RAW_TOPICS[subject.signal];
  const enriched = prefix + enrichedTopic(subject.signal, subject.signal);
  const group = prefix + pipelineGroup(subject.signal);
  try {
    await broker.ensureTopics([raw, enriched].flatMap((name) => [{ name }, { name: `${name}.dlq` }]));
    await broker.registerGroup({ group, topic: raw });
    for (const { body, partition, tenant, waitMs } of steps) {
      now += waitMs;
      const headers = rawHeaders({ tenant, via: "otlp", items: countItems(subject.signal, body) });
      await broker.append(raw, partition, [{ headers, value: body }]);
    }
    const machine = new Machine(faults, (claim, ended) =>
      harness.run({ subject, claim, ended, broker, clock: restlessClock(), group, enrichedTopic: enriched, bounds }),
    );
    await machine.until(broker, { group, topic: raw }, async () => {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const count = steps.filter((one) => one.partition === partition).length;
        const seen = await readers(broker, enriched, partition);
        if (new Set(seen.map(({ raw: offset }) => offset)).size < count) return false;
      }
      return true;
    });
    return await Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) => readers(broker, enriched, partition)),
    );
  } finally {
    await dispose();
  }
}

/** The records of an enriched partition that a reader makes something of. */
async function readers(broker: Broker, topic: string, partition: number) {
  const seen: { raw: number; headers: unknown; body: string }[] = [];
  let newest: SettledOrigin | undefined;
  const { high } = await broker.watermarks(topic, partition);
  for (let at = 0; at < high; ) {
    for (const record of await broker.read(topic, partition, at, 1 << 20)) {
      at = record.offset + 1;
      const headers = readEnrichedHeaders(record);
      const origin = readOrigin(headers.origin);
      if (origin === undefined || isSettled(origin, headers.at, newest)) continue;
      // The broker's time is the same in two runs only where a test decides it.
      const { at: time, ...said } = headers;
      newest = { offset: origin.offset, part: origin.part, at: time };
      seen.push({ raw: origin.offset, headers: said, body: Buffer.from(record.value).toString("base64") });
    }
  }
  return seen;
}

/** Processes that come and go as the faults have it. */
class Machine {
  readonly #faults: Map<number, FaultPoint>;
  readonly #run: (claim: Claim, ended: AbortSignal) => Promise<void>;
  readonly #processes: { readonly dead: AbortController; leave(): Promise<void> }[] = [];
  /** Processes that ended by themselves: their own fault, and none of the history's. */
  readonly #failures: Error[] = [];
  #operations = 0;
  #next: FaultPoint["kind"] | undefined;

  constructor(faults: ReadonlyMap<number, FaultPoint>, run: (claim: Claim, ended: AbortSignal) => Promise<void>) {
    this.#faults = new Map(faults);
    this.#run = run;
  }

  async until(broker: Broker, spec: { group: string; topic: string }, isDone: () => Promise<boolean>): Promise<void> {
    try {
      for (;;) {
        expect(this.#failures).toEqual([]);
        const kind = this.#next;
        this.#next = undefined;
        if (kind === "kill") await this.#leave(this.#processes.splice(0));
        // A process joins, or the one that was there first leaves.
        if (kind === "rebalance" && this.#processes.length > 1) await this.#leave(this.#processes.splice(0, 1));
        else if (kind !== undefined || this.#processes.length === 0) await this.#start(broker, spec);
        if (this.#next === undefined && (await isDone())) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      await this.#leave(this.#processes.splice(0));
    }
  }

  async #start(broker: Broker, spec: { group: string; topic: string }): Promise<void> {
    const dead = new AbortController();
    const member = await broker.join(
      spec,
      async (claim) => {
        await this.#run(this.#killable(claim, dead), AbortSignal.any([claim.revoked, dead.signal]));
        await fired(claim.revoked);
      },
      (fault) => this.#failures.push(fault),
    );
    this.#processes.push({ dead, leave: () => member.leave() });
  }

  async #leave(processes: readonly { leave(): Promise<void> }[]): Promise<void> {
    await Promise.all(processes.map((process) => process.leave()));
  }

  /** The claim as a process sees it that may be killed at any append and commit: from then on it changes nothing any more. */
  #killable(claim: Claim, dead: AbortController): Claim {
    const gone = () => new Fault("aborted", "the process was killed");
    const guarded = async <T>(operation: () => Promise<T>): Promise<T> => {
      // Where everything is in memory nothing else would run between two operations.
      await new Promise((resolve) => setImmediate(resolve));
      if (dead.signal.aborted) throw gone();
      const fault = this.#faults.get(this.#operations++);
      const result = fault === undefined || fault.done ? await operation() : undefined;
      if (fault !== undefined) {
        // One that is leaving is in the list no more.
        if (fault.kind === "kill") for (const process of [{ dead }, ...this.#processes]) process.dead.abort();
        // A process that was killed has to be replaced, whatever else falls into the same moment.
        if (this.#next !== "kill") this.#next = fault.kind;
      }
      if (dead.signal.aborted) throw gone();
      // A rebalance falls between operations, not into one.
      return result ?? (await operation());
    };
    return {
      ...claim,
      revoked: AbortSignal.any([claim.revoked, dead.signal]),
      lost: AbortSignal.any([claim.lost, dead.signal]),
      append: (topic, partition, records) => guarded(() => claim.append(topic, partition, records)),
      commit: async (offset, state) => {
        await guarded(async () => {
          await claim.commit(offset, state);
          return true;
        });
      },
    };
  }
}

/** What waits longer than this does not come about in a test. */
const LONG_MS = 10_000;

/** A clock on which a component that reads it gives itself away, and on which nothing waits for real. */
function restlessClock(): Clock {
  let ms = Math.floor(Math.random() * 1e9);
  return {
    now: () => ++ms,
    monotonic: () => ++ms,
    after(wait, run, options) {
      if (wait > LONG_MS) return systemClock.after(wait, run, options);
      const timer = setImmediate(run);
      return () => clearImmediate(timer);
    },
  };
}
