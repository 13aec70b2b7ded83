import {
  type Claim,
  type EnrichedHeaders,
  enrichedHeaders,
  enrichedTopic,
  pipelineGroup,
  RAW_TOPICS,
  rawHeaders,
  writeOrigin,
} from "@rondo/broker";
import { Fault, type Log, silentLog } from "@rondo/core";
import { type MemoryBroker, memoryBroker } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Resumption, resumePipeline } from "./resume.ts";
import { encodeTotals, NO_ITEMS, type Totals, totalsKey } from "./totals.ts";

const RAW = RAW_TOPICS.logs;
const ENRICHED = enrichedTopic("logs", "logs");
const GROUP = pipelineGroup("logs");
const VALUE = Buffer.from("x");

async function openLog(): Promise<MemoryBroker> {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: RAW }, { name: ENRICHED }]);
  await broker.registerGroup({ group: GROUP, topic: RAW });
  return broker;
}

/** Raw records of two items each; answers their timestamps. */
async function produce(broker: MemoryBroker, count: number): Promise<number[]> {
  const headers = rawHeaders({ tenant: "default", via: "otlp", items: 2 });
  const times: number[] = [];
  for (let n = 0; n < count; n++) times.push((await broker.append(RAW, 0, [{ headers, value: VALUE }])).timestamp);
  return times;
}

interface Piece {
  readonly raw: number;
  readonly part: number;
  readonly parts: number;
}

/** One part of a raw record's result: an item forwarded; part 0 says that two entered and what became of the rest. */
function piece({ raw, part, parts }: Piece, at: number, change: Partial<EnrichedHeaders> = {}) {
  const account = { entered: 2, created: Math.max(0, parts - 2), dropped: parts < 2 ? { "edit/invalid_item": 1 } : {} };
  const origin = writeOrigin({ partition: 0, offset: raw, part, parts });
  const headers = { tenant: "default", items: 1, origin, at, ...(part === 0 && { account }), ...change };
  return { headers: enrichedHeaders(headers), value: VALUE };
}

/** Takes the partition, and finds where to go on. */
async function resume(broker: MemoryBroker, log: Log = silentLog, commit?: number): Promise<Resumption> {
  const found = Promise.withResolvers<Resumption>();
  const member = await broker.join(
    { group: GROUP, topic: RAW },
    async (claim: Claim) => {
      if (commit !== undefined) await claim.commit(commit, []);
      const start = commit === undefined ? claim.start : { ...claim.start, committed: commit };
      resumePipeline(broker, { ...claim, start }, GROUP, ENRICHED, log).then(found.resolve, found.reject);
      await new Promise<void>((resolve) => claim.revoked.addEventListener("abort", () => resolve()));
    },
    found.reject,
  );
  const resumption = await found.promise;
  await member.leave();
  return resumption;
}

const put = (broker: MemoryBroker, totals: Totals) =>
  broker.state.put([{ key: totalsKey(GROUP, 0), value: encodeTotals(totals) }]);

test("a log without a past starts at its first offset", async () => {
  expect(await resume(await openLog())).toEqual({ offset: 0, partsDone: 0, rows: {}, enriched: 0 });
});

// Nobody knows when a damaged batch was appended: it has the time of its reading, another one each time.
test("a record that cannot be read does not make its topic another one", async () => {
  const broker = await openLog();
  const [at = 0] = await produce(broker, 1);
  await broker.append(ENRICHED, 0, [piece({ raw: 0, part: 0, parts: 1 }, at)]);
  const read = broker.read.bind(broker);
  broker.read = async (topic, ...where) => {
    const records = await read(topic, ...where);
    if (topic !== RAW) return records;
    return records.map((record) => ({ ...record, timestamp: at + 5, fault: new Fault("corrupt", "damaged") }));
  };
  const resumed = await resume(broker);
  expect([resumed.offset, resumed.recreated]).toEqual([1, undefined]);
});

test("whatever was appended before a crash and whatever the totals know of it, nothing is repeated and nothing left out", async () => {
  const history = fc.record({
    /** Parts of each raw record. */
    parts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 8 }),
    appended: fc.nat({ max: 24 }),
    known: fc.nat({ max: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(history, async ({ parts, appended, known }) => {
      const broker = await openLog();
      const times = await produce(broker, parts.length);
      const pieces = parts.flatMap((count, raw) =>
        Array.from({ length: count }, (_, part) => ({ raw, part, parts: count })),
      );
      const there = pieces.slice(0, appended);
      for (const one of there) await broker.append(ENRICHED, 0, [piece(one, times[one.raw] ?? 0)]);
      const whole = there.filter(({ part, parts: count }) => part + 1 === count).length;
      /** What the first `count` raw records came to, by the headers of their pieces. */
      const row = (count: number) => {
        const done = parts.slice(0, count);
        const single = done.filter((one) => one === 1).length;
        const sum = {
          entered: 2 * count,
          created: done.filter((one) => one === 3).length,
          forwarded: done.reduce((total, one) => total + one, 0),
          dropped: single === 0 ? {} : { "edit/invalid_item": single },
        };
        return count === 0 ? {} : { default: { ...NO_ITEMS, ...sum } };
      };
      const checkpoint = Math.min(known, whole);
      if (checkpoint > 0) {
        const enriched = pieces.filter(({ raw }) => raw < checkpoint).length;
        await put(broker, { offset: checkpoint, enriched, rows: row(checkpoint) });
      }
      const resumed = await resume(broker);
      expect(resumed).toMatchObject({ offset: whole, partsDone: there.filter(({ raw }) => raw === whole).length });
      expect(resumed.rows).toEqual(row(whole));
      expect(resumed.enriched).toBe(there.length);
    }),
    { numRuns: 60 },
  );
});

test("a part that stands twice is counted once", async () => {
  const broker = await openLog();
  const [at = 0] = await produce(broker, 2);
  const one = piece({ raw: 0, part: 0, parts: 1 }, at);
  await broker.append(ENRICHED, 0, [one, one]);
  const resumed = await resume(broker);
  expect(resumed).toMatchObject({ offset: 1, enriched: 2, origin: { offset: 0, part: 0, at } });
  expect(resumed.rows["default"]).toMatchObject({ entered: 2, forwarded: 1 });
});

test("records of Rondo's own, and of other partitions, do not move the position", async () => {
  const broker = await openLog();
  const [at = 0] = await produce(broker, 1);
  const other = writeOrigin({ partition: 3, offset: 90, part: 0, parts: 1 });
  const foreign = [other, "rules/latency/12"].map((origin) => piece({ raw: 0, part: 0, parts: 1 }, at, { origin }));
  await broker.append(ENRICHED, 0, foreign);
  expect(await resume(broker)).toMatchObject({ offset: 0, rows: {}, enriched: 2 });
});

test("when retention has taken the tail, the commit says where to go on", async () => {
  const broker = await openLog();
  const times = await produce(broker, 3);
  for (const raw of [0, 1]) await broker.append(ENRICHED, 0, [piece({ raw, part: 0, parts: 1 }, times[raw] ?? 0)]);
  await put(broker, { offset: 2, enriched: 2, rows: { default: { ...NO_ITEMS, entered: 4, forwarded: 2 } } });
  broker.trim(ENRICHED, 0, 2);
  const resumed = await resume(broker, silentLog, 2);
  expect(resumed).toMatchObject({ offset: 2, partsDone: 0, enriched: 2 });
  expect(resumed.rows["default"]).toMatchObject({ entered: 4, forwarded: 2 });
});

test.each([
  ["is shorter than it was", 1, 5, 0],
  ["has another record where the tail came from", 4, 2, 1_000],
])(
  "a raw topic that %s was recreated: it is read from its beginning, with an alarm",
  async (_what, records, tail, later) => {
    const broker = await openLog();
    const times = await produce(broker, records);
    const at = (times[tail] ?? 0) + later;
    await broker.append(ENRICHED, 0, [piece({ raw: tail, part: 0, parts: 1 }, at)]);
    const alarms: unknown[] = [];
    const log: Log = { ...silentLog, error: (_message, fields) => void alarms.push(fields) };
    const resumed = await resume(broker, log);
    expect(resumed).toMatchObject({ offset: 0, partsDone: 0 });
    // What was done before stays in the account: it was done.
    expect(resumed.rows["default"]).toMatchObject({ entered: 2 });
    expect(alarms).toEqual([{ topic: RAW, partition: 0, was: tail + 1, now: 0 }]);
  },
);
