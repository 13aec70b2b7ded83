/** Random lives of a broker – appends, reads, commits, restarts, crashes in the middle of a write – held against a naive model. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog, systemClock } from "@rondo/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Claim } from "../log.ts";
import type { FindProcess } from "./directory-lock.ts";
import { faultyFileSystem } from "./faulty-file-system.cases.ts";
import { type EmbeddedBroker, openEmbedded } from "./open-embedded.ts";

const PARTITIONS = 2;
const TOPIC = "t";
const GROUP = "g";

const partition = fc.nat(PARTITIONS - 1);
const sizes = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 3 });
const batch = fc.record({ partition, sizes });

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("append" as const), batches: fc.array(batch, { maxLength: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("read" as const), partition, from: fc.nat(60), maxBytes: fc.nat(900) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("commit" as const), partition, offset: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("crash" as const),
      batches: fc.array(batch, { minLength: 1, maxLength: 4 }),
      // How many bytes of the write under way reach the file.
      written: fc.nat(1500),
    }),
  },
);

type Batch = typeof batch extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The broker under test with the model beside it. */
class Life {
  /** What must be there: per partition the values in offset order. */
  readonly #records: string[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly #commits = new Map<number, number>();
  readonly #directory: string;
  readonly #claims = new Map<number, Claim>();
  #crash: { written: number } | undefined;
  #process = 1;
  #serial = 0;
  #broker: EmbeddedBroker | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get broker(): EmbeddedBroker {
    if (this.#broker === undefined) throw new Error("not open");
    return this.#broker;
  }

  async open(): Promise<void> {
    this.#crash = undefined;
    this.#process++;
    const fs = faultyFileSystem(({ operation, name }) => {
      if (this.#crash === undefined) return undefined;
      if (operation !== "writev" || !name.endsWith(".log")) return { code: "EIO" };
      const { written } = this.#crash;
      this.#crash.written = 0;
      return { code: "EIO", written };
    });
    // Every opening is by another process with the same pid.
    const started = String(this.#process);
    const findProcess: FindProcess = async (pid) => ({ pid, started, boot: "" });
    this.#broker = await openEmbedded({
      directory: this.#directory,
      clock: systemClock,
      log: { ...silentLog, error: (message) => expect.soft(message).toContain("appends fail") },
      fs,
      findProcess,
      segmentBytes: 2000,
      tailCacheBytes: 1500,
    });
    await this.broker.ensureTopics([{ name: TOPIC, partitions: PARTITIONS }]);
    await this.broker.registerGroup({ group: GROUP, topic: TOPIC, start: "earliest" });
    await this.broker.join(
      { group: GROUP, topic: TOPIC },
      (claim) => {
        this.#claims.set(claim.partition, claim);
        return new Promise((resolve) => claim.revoked.addEventListener("abort", () => resolve()));
      },
      (fault) => {
        throw fault;
      },
    );
  }

  async run(one: Step): Promise<void> {
    switch (one.kind) {
      case "append":
        await Promise.all(this.#append(one.batches).map(({ done }) => done));
        break;
      case "read": {
        const all = this.#records[one.partition] ?? [];
        const found = await this.broker.read(TOPIC, one.partition, one.from, one.maxBytes);
        expect(found.map(({ value }) => Buffer.from(value).toString())).toEqual(
          all.slice(one.from, one.from + found.length),
        );
        expect(found.length > 0).toBe(one.from < all.length);
        expect(found.map(({ offset }) => offset)).toEqual(found.map((_, index) => one.from + index));
        break;
      }
      case "commit": {
        const offset = Math.min(one.offset, this.#records[one.partition]?.length ?? 0);
        await this.#claims
          .get(one.partition)
          ?.commit(offset, [{ key: `at/${one.partition}`, value: Buffer.from("x") }]);
        this.#commits.set(one.partition, Math.max(offset, this.#commits.get(one.partition) ?? 0));
        break;
      }
      case "restart":
        await this.broker.close();
        await this.open();
        await this.check();
        break;
      case "crash":
        await this.#crashDuring(one.batches, one.written);
    }
  }

  /** Everything that must be there is, and nothing else. */
  async check(): Promise<void> {
    for (const [index, wanted] of this.#records.entries()) expect(await this.#everything(index)).toEqual(wanted);
    const positions = await this.broker.position(GROUP);
    expect(positions.map(({ committed }) => committed)).toEqual([0, 1].map((index) => this.#commits.get(index)));
  }

  #append(batches: readonly Batch[]) {
    return batches.map(({ partition: to, sizes: all }) => {
      const values = all.map((size) => `${++this.#serial}:`.padEnd(size, "."));
      const records = values.map((value) => ({ headers: {}, value: Buffer.from(value) }));
      const done = this.broker.append(TOPIC, to, records).then(({ baseOffset }) => {
        expect(baseOffset).toBe(this.#records[to]?.length);
        this.#records[to]?.push(...values);
      });
      return { partition: to, values, done };
    });
  }

  async #crashDuring(batches: readonly Batch[], written: number): Promise<void> {
    this.#crash = { written };
    const pending = this.#append(batches);
    const outcomes = await Promise.allSettled(pending.map(({ done }) => done));
    expect(outcomes.map(({ status }) => status)).toEqual(batches.map(() => "rejected"));
    await this.broker.close().catch(() => undefined);
    await this.open();
    // What was not answered may be there or not, but whole batches, in order, and without holes.
    for (const [index, wanted] of this.#records.entries()) {
      const found = await this.#everything(index);
      const extra = found.slice(wanted.length);
      const batchesHere = pending.filter(({ partition: to }) => to === index).map(({ values }) => values);
      const possible = [0, ...batchesHere.map((_, place) => place + 1)].map((count) =>
        batchesHere.slice(0, count).flat(),
      );
      expect(possible).toContainEqual(extra);
      wanted.push(...extra);
    }
    await this.check();
  }

  async #everything(index: number): Promise<readonly string[]> {
    const found: string[] = [];
    for (;;) {
      const records = await this.broker.read(TOPIC, index, found.length, 500);
      if (records.length === 0) return found;
      found.push(...records.map(({ value }) => Buffer.from(value).toString()));
    }
  }
}

test("any life leaves what the model has", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const directory = await mkdtemp(join(tmpdir(), "rondo-model-"));
      const life = new Life(directory);
      try {
        await life.open();
        for (const one of steps) await life.run(one);
        await life.check();
      } finally {
        await life.broker.close().catch(() => undefined);
        await rm(directory, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
});
