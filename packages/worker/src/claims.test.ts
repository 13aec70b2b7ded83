/** Pipelines and exporters over the log in memory, crashed at will: what the rules of the log promise of them. */
import {
  deadLetterTopic,
  enrichedHeaders,
  enrichedTopic,
  exporterGroup,
  pipelineGroup,
  RAW_TOPICS,
  rawHeaders,
  readLetter,
} from "@rondo/broker";
import {
  type Batch,
  type Deliver,
  type Exporter,
  Fault,
  type Processor,
  retry,
  SETTLED,
  silentLog,
  systemClock,
  unanswered,
} from "@rondo/core";
import { chain } from "@rondo/delivery";
import { countItems } from "@rondo/otlp";
import { idsIn, type MemoryBroker, memoryBroker, namedSpans } from "@rondo/testkit";
import { expect, test } from "vitest";
import { runExporterClaim } from "./export.ts";
import { Ledger, type LedgerRow } from "./ledger.ts";
import { runPipelineClaim } from "./pipeline.ts";
import { encodeTotals, sumDrops, totalsKey } from "./totals.ts";

const RAW = RAW_TOPICS.traces;
const ENRICHED = enrichedTopic("traces", "traces");
const PIPELINE = { group: pipelineGroup("traces"), topic: RAW };
const EXPORTER = { group: exporterGroup("traces", "out"), topic: ENRICHED };

/** A traces request whose spans are named `id-<n>;`. */
function spans(ids: readonly number[]): Uint8Array {
  return namedSpans(ids.map((id) => `id-${id};`));
}

async function openLog(partitions = 1, maxRecordBytes = 4 << 20): Promise<MemoryBroker> {
  const broker = memoryBroker({ partitions, maxRecordBytes });
  await broker.ensureTopics([RAW, ENRICHED].flatMap((name) => [{ name }, { name: deadLetterTopic(name) }]));
  await broker.registerGroup(PIPELINE);
  await broker.registerGroup(EXPORTER);
  return broker;
}

function produce(broker: MemoryBroker, ids: readonly number[], via = "otlp", partition = 0) {
  const headers = rawHeaders({ tenant: "default", via, items: ids.length });
  return broker.append(RAW, partition, [{ headers, value: spans(ids) }]);
}

interface Run {
  readonly ledger: Ledger;
  /** Ends orderly: everything settled is committed. */
  stop(): Promise<void>;
}

async function start(broker: MemoryBroker, deliver: Deliver, processor?: Processor): Promise<Run> {
  const ledger = new Ledger(broker);
  const stop = new AbortController();
  const about = { signal: "traces", pipeline: "traces" } as const;
  ledger.group({ ...about, component: "", ...PIPELINE });
  ledger.group({ ...about, component: "out", ...EXPORTER });
  const exporter: Exporter = {
    deliver,
    timeoutMs: 0,
    retry: { initialMs: 1, multiplier: 1, maxMs: 1, randomization: 0 },
    close: async () => {},
  };
  const common = { broker, clock: systemClock, log: silentLog, signal: "traces", readBytes: 1 << 20 } as const;
  const running: Promise<void>[] = [];
  const failures: Error[] = [];
  const joined = await Promise.all([
    broker.join(
      PIPELINE,
      (claim) => {
        const done = runPipelineClaim(claim, AbortSignal.any([claim.revoked, stop.signal]), {
          ...common,
          ...PIPELINE,
          pipeline: "traces",
          stages: () => ({ stages: processor === undefined ? [] : [{ id: "edit", processor }], keeping: [] }),
          receivers: new Set(["otlp"]),
          maxRecordBytes: broker.maxRecordBytes,
          enrichedTopic: ENRICHED,
          foreign: { tenant: "default", via: "otlp", count: (value) => countItems("traces", value) },
          lastCall: new AbortController().signal,
          opened: (opened, account) => ledger.opened(PIPELINE.group, opened, account),
        });
        running.push(done);
        return done.then(() => untilRevoked(claim.revoked));
      },
      (fault) => failures.push(fault),
    ),
    broker.join(
      EXPORTER,
      (claim) => {
        const done = runExporterClaim(claim, AbortSignal.any([claim.revoked, stop.signal]), {
          ...common,
          ...EXPORTER,
          pipeline: "traces",
          component: "out",
          chain: chain(exporter, {
            accumulation: { minItems: 1, maxItems: 0, maxBytes: 1 << 20, waitMs: 0 },
            clock: systemClock,
            random: Math.random,
            log: silentLog,
          }),
          hurry: new AbortController().signal,
          lastCall: new AbortController().signal,
          opened: (opened, account) => ledger.opened(EXPORTER.group, opened, account),
        });
        running.push(done);
        return done.then(() => untilRevoked(claim.revoked));
      },
      (fault) => failures.push(fault),
    ),
  ]);
  return {
    ledger,
    async stop() {
      stop.abort();
      await Promise.all(running);
      await Promise.all(joined.map((member) => member.leave()));
      expect(failures).toEqual([]);
    },
  };
}

function untilRevoked(revoked: AbortSignal): Promise<void> {
  return new Promise((resolve) => (revoked.aborted ? resolve() : revoked.addEventListener("abort", () => resolve())));
}

async function drained({ ledger }: Run): Promise<void> {
  await expect.poll(() => ledger.isDrained(), { timeout: 5_000, interval: 2 }).toBe(true);
}

function row(run: Run, component: string): LedgerRow | undefined {
  return run.ledger.rows().find((one) => one.component === component);
}

function expectBalanced(run: Run): void {
  for (const one of run.ledger.rows()) {
    const gone = one.forwarded + one.delivered + one.deadLettered + sumDrops(one.dropped);
    expect(one.entered + one.created).toBe(gone + one.inFlight);
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test("what is produced is delivered in order, and every row balances", async () => {
  const broker = await openLog();
  const seen: number[] = [];
  const run = await start(broker, async (batch) => {
    seen.push(...idsIn(batch.body));
    return SETTLED;
  });
  for (let n = 0; n < 100; n += 10) await produce(broker, range(n, n + 10));
  await drained(run);
  expect(seen).toEqual(range(0, 100));
  expect(row(run, "")).toMatchObject({ entered: 100, forwarded: 100, inFlight: 0 });
  expect(row(run, "out")).toMatchObject({ entered: 100, delivered: 100, redelivered: 0, inFlight: 0 });
  await run.stop();
});

test("every raw record yields exactly one enriched record, an empty one for another pipeline's receiver", async () => {
  const broker = await openLog();
  const run = await start(broker, async () => SETTLED);
  await produce(broker, [1, 2]);
  await produce(broker, [3], "otlp/other");
  await drained(run);
  const records = broker.records(ENRICHED);
  expect(records.map(({ headers }) => [headers["origin"], headers["items"]])).toEqual([
    ["0:0:0/1", "2"],
    ["0:1:0/1", "0"],
  ]);
  expect(row(run, "")).toMatchObject({ entered: 2, forwarded: 2 });
  await run.stop();
});

// What gathered while no worker ran: their headers are more than their values, and count in an append.
test("a backlog of thousands of small records is written in appends that the log takes", async () => {
  const broker = await openLog(1, 256 << 10);
  for (const id of range(0, 5_000)) await produce(broker, [id]);
  const run = await start(broker, async () => SETTLED);
  await drained(run);
  expect(row(run, "")).toMatchObject({ entered: 5_000, forwarded: 5_000, inFlight: 0 });
  await run.stop();
});

test("after an orderly stop nothing is repeated and the account goes on", async () => {
  const broker = await openLog();
  const seen: number[] = [];
  const deliver: Deliver = async (batch) => {
    seen.push(...idsIn(batch.body));
    return SETTLED;
  };
  const first = await start(broker, deliver);
  await produce(broker, range(0, 5));
  await drained(first);
  await first.stop();
  const second = await start(broker, deliver);
  await produce(broker, range(5, 8));
  await drained(second);
  expect(seen).toEqual(range(0, 8));
  expect(row(second, "out")).toMatchObject({ entered: 8, delivered: 8, redelivered: 0 });
  expectBalanced(second);
  await second.stop();
});

test("a crash between produce and commit repeats nothing in the enriched topic", async () => {
  const broker = await openLog();
  const first = await start(broker, async () => SETTLED);
  await produce(broker, range(0, 5));
  await drained(first);
  // No beat has passed: nothing of this is committed.
  broker.crash();
  const second = await start(broker, async () => SETTLED);
  await produce(broker, range(5, 7));
  await drained(second);
  expect(broker.records(ENRICHED).map(({ headers }) => headers["origin"])).toEqual(["0:0:0/1", "0:1:0/1"]);
  expect(row(second, "")).toMatchObject({ entered: 7, forwarded: 7 });
  expectBalanced(second);
  await second.stop();
});

// Killed between state and commit, or between an append and either: without new records nobody else would commit it.
test("what a predecessor finished and did not live to commit is committed by its successor, though nothing new comes", async () => {
  const broker = await openLog();
  const { timestamp } = await produce(broker, [0]);
  const headers = enrichedHeaders({ tenant: "default", items: 1, origin: "0:0:0/1", at: timestamp });
  await broker.append(ENRICHED, 0, [{ headers, value: spans([0]) }]);
  await broker.state.put([{ key: totalsKey(EXPORTER.group, 0), value: encodeTotals({ offset: 1, rows: {} }) }]);
  const run = await start(broker, async () => SETTLED);
  for (const { group } of [PIPELINE, EXPORTER]) {
    await expect.poll(async () => (await broker.position(group))[0]?.committed).toBe(1);
  }
  await run.stop();
});

test("what may have been sent before a crash is delivered again and counted as redelivered", async () => {
  const broker = await openLog();
  const seen: number[] = [];
  const deliver: Deliver = async (batch) => {
    seen.push(...idsIn(batch.body));
    return SETTLED;
  };
  const first = await start(broker, deliver);
  await produce(broker, range(0, 5));
  await drained(first);
  broker.crash();
  const second = await start(broker, deliver);
  await drained(second);
  const repeated = seen.length - new Set(seen).size;
  const out = row(second, "out");
  expect(new Set(seen)).toEqual(new Set(range(0, 5)));
  expect(out).toMatchObject({ entered: 5, delivered: 5 });
  expect(out?.redelivered).toBeGreaterThanOrEqual(repeated);
  await second.stop();
});

test("an unfinished record of several parts is finished, not repeated", async () => {
  const broker = await openLog();
  // Cuts every batch in two, so that a record has two parts.
  const halve: Processor = {
    process: ({ body }) => {
      const ids = idsIn(body);
      const half = Math.ceil(ids.length / 2);
      return {
        parts: [ids.slice(0, half), ids.slice(half)].map((part) => ({ items: part.length, body: spans(part) })),
      };
    },
  };
  const first = await start(broker, async () => SETTLED, halve);
  await produce(broker, range(0, 4));
  await drained(first);
  broker.crash();
  // As if only the first part had been written.
  const written = broker.records(ENRICHED);
  const cut = await openLog();
  await produce(cut, range(0, 4));
  const [head] = written;
  const raw = cut.records(RAW)[0];
  if (head === undefined || raw === undefined) throw new Error("nothing was written");
  await cut.append(ENRICHED, 0, [{ headers: { ...head.headers, at: String(raw.timestamp) }, value: head.value }]);
  const second = await start(cut, async () => SETTLED, halve);
  await drained(second);
  expect(cut.records(ENRICHED).map(({ headers }) => headers["origin"])).toEqual(["0:0:0/2", "0:0:1/2"]);
  expect(row(second, "")).toMatchObject({ entered: 4, forwarded: 4 });
  expect(row(second, "out")).toMatchObject({ entered: 4, delivered: 4 });
  await second.stop();
});

test("parts that stand already are left out of their own record only, which retention may have removed since", async () => {
  const broker = await openLog();
  await produce(broker, [0, 1]);
  await produce(broker, [2, 3]);
  // Of the first record one part of two was written before the crash, and then its time was up.
  const headers = enrichedHeaders({ tenant: "default", items: 1, origin: "0:0:0/2", at: 0 });
  await broker.append(ENRICHED, 0, [{ headers, value: spans([0]) }]);
  broker.trim(RAW, 0, 1);
  const seen: number[] = [];
  const run = await start(broker, async (batch) => {
    seen.push(...idsIn(batch.body));
    return SETTLED;
  });
  await drained(run);
  expect(seen).toEqual([0, 2, 3]);
  await run.stop();
});

test("what grew in the pipeline is appended in pieces that the log takes, in order", async () => {
  const broker = await openLog();
  for (let n = 0; n < 40; n++) await produce(broker, [n]);
  const appends: number[] = [];
  broker.beforeAppend = (topic, _, records) => {
    if (topic === ENRICHED) appends.push(records.reduce((sum, { value }) => sum + value.length, 0));
  };
  // An unknown field is kept, and makes every record larger than a quarter of what one append takes.
  const padding = Buffer.concat([Buffer.from([0x7a, 0x80, 0x80, 0x58]), Buffer.alloc(1_441_792)]);
  const grow: Processor = {
    process: ({ items, body }) => ({ parts: [{ items, body: Buffer.concat([body, padding]) }] }),
  };
  const seen: number[] = [];
  const deliver: Deliver = async (batch) => {
    seen.push(...idsIn(batch.body));
    return SETTLED;
  };
  const run = await start(broker, deliver, grow);
  await drained(run);
  expect(Math.max(...appends)).toBeLessThanOrEqual(broker.maxRecordBytes);
  expect(seen).toEqual(range(0, 40));
  expectBalanced(run);
  await run.stop();
});

// A broker that did not answer may have the first try on a socket that still writes.
test("what processors made is given back when the log has it at once, and stays when it was appended again", async () => {
  const broker = await openLog();
  const made: Uint8Array[] = [];
  const fresh: Processor = {
    process({ items, body }) {
      made.push(new Uint8Array(body));
      return { parts: [{ items, body: made.at(-1) ?? body }] };
    },
  };
  let refusals = 1;
  broker.beforeAppend = (topic) => {
    if (topic === ENRICHED && refusals-- > 0) throw new Fault("unavailable", "no answer");
  };
  const run = await start(broker, async () => SETTLED, fresh);
  await produce(broker, [1]);
  await drained(run);
  await produce(broker, [2]);
  await drained(run);
  expect(made.map(({ buffer }) => buffer instanceof ArrayBuffer && buffer.detached)).toEqual([false, true]);
  expect(broker.records(ENRICHED).flatMap(({ value }) => idsIn(value))).toEqual([1, 2]);
  await run.stop();
});

test("an overlap of a former owner is skipped, also by the run after the one that met it", async () => {
  const broker = await openLog();
  const seen: number[] = [];
  const deliver: Deliver = async (batch) => {
    seen.push(...idsIn(batch.body));
    return SETTLED;
  };
  const write = async (offset: number, items = 1) => {
    const headers = enrichedHeaders({ tenant: "default", items, origin: `0:${offset}:0/1`, at: 5 });
    await broker.append(ENRICHED, 0, [{ headers, value: items === 0 ? new Uint8Array() : spans([offset]) }]);
  };
  for (const offset of [0, 1, 2]) await write(offset);
  await write(3, 0);
  for (const offset of [0, 1]) await write(offset);
  const first = await start(broker, deliver);
  await drained(first);
  await first.stop();
  await write(2);
  await write(3, 0);
  await write(4);
  const second = await start(broker, deliver);
  await drained(second);
  expect(seen).toEqual([0, 1, 2, 4]);
  expect(row(second, "out")).toMatchObject({ entered: 4, delivered: 4, redelivered: 0 });
  await second.stop();
});

test("what a processor takes without a reason is dropped as unexplained, what it declares by its reason", async () => {
  const broker = await openLog();
  const lossy: Processor = {
    process: ({ body }) => ({
      parts: [{ items: 1, body: spans(idsIn(body).slice(0, 1)) }],
      drops: [{ reason: "invalid_item", items: 2 }],
    }),
  };
  const run = await start(broker, async () => SETTLED, lossy);
  await produce(broker, range(0, 5));
  await drained(run);
  expect(row(run, "")).toMatchObject({
    entered: 5,
    forwarded: 1,
    dropped: { "edit/invalid_item": 2, "edit/unexplained": 2 },
  });
  expectBalanced(run);
  await run.stop();
});

test("what a backend refuses for good is dropped by reason, what it cannot take now waits", async () => {
  const broker = await openLog();
  let tries = 0;
  const run = await start(broker, async (batch) => {
    if (tries++ < 3) return retry(new Fault("unavailable", "not now"));
    return { kind: "settled", drops: [{ reason: "backend_rejected", items: batch.items }] };
  });
  await produce(broker, range(0, 3));
  await drained(run);
  expect(row(run, "out")).toMatchObject({ entered: 3, delivered: 0, dropped: { "out/backend_rejected": 3 } });
  await run.stop();
});

/** Refuses every request with one of these spans in it, and keeps what it took. */
function refusing(bad: readonly number[], took: number[]): Deliver {
  return async ({ body, items }) => {
    const ids = idsIn(body);
    if (!ids.some((id) => bad.includes(id))) {
      took.push(...ids);
      return SETTLED;
    }
    const drop = { reason: "backend_rejected", items, body, together: true, detail: "HTTP 400: no" } as const;
    return { kind: "settled", drops: [drop] };
  };
}

const lettersOf = (broker: MemoryBroker, topic = ENRICHED) => broker.records(deadLetterTopic(topic));

test("the spans that a backend refuses stand in the dead letters with their origin, the others are delivered", async () => {
  const broker = await openLog();
  const took: number[] = [];
  const run = await start(broker, refusing([3, 11], took));
  await produce(broker, range(0, 8));
  await produce(broker, range(8, 16));
  await drained(run);
  expect(took.toSorted((a, b) => a - b)).toEqual(range(0, 16).filter((id) => id !== 3 && id !== 11));
  const letters = lettersOf(broker);
  expect(letters.flatMap(({ value }) => idsIn(value))).toEqual([3, 11]);
  const about = { pipeline: "traces", exporter: "out", reason: "backend_rejected", detail: "HTTP 400: no" };
  const whose = { tenant: "default", first: 3, items: 1 };
  const ats = broker.records(RAW).map(({ timestamp }) => timestamp);
  expect(letters.map(readLetter)).toEqual([
    { ...about, ...whose, origin: "0:0:0/1", at: ats[0] },
    { ...about, ...whose, origin: "0:1:0/1", at: ats[1] },
  ]);
  expect(row(run, "out")).toMatchObject({ entered: 16, delivered: 14, deadLettered: 2, dropped: {} });
  expectBalanced(run);
  await run.stop();
});

test("while the dead letters cannot be written the record stays unsettled, and is set aside when they can", async () => {
  const broker = await openLog();
  const took: number[] = [];
  broker.beforeAppend = async (topic) => {
    if (topic === deadLetterTopic(ENRICHED)) throw new Fault("disk_full", "no room");
  };
  const run = await start(broker, refusing([1], took));
  await produce(broker, range(0, 3));
  await expect.poll(() => took).toEqual([0, 2]);
  expect(row(run, "out")).toMatchObject({ entered: 3, inFlight: 3, deadLettered: 0 });
  broker.beforeAppend = undefined;
  await drained(run);
  expect(lettersOf(broker)).toHaveLength(1);
  expect(row(run, "out")).toMatchObject({ delivered: 2, deadLettered: 1, inFlight: 0 });
  await run.stop();
});

test("a crash between a letter and its commit repeats the letter at most, and counts its items once", async () => {
  const broker = await openLog();
  const took: number[] = [];
  const first = await start(broker, refusing([2], took));
  await produce(broker, range(0, 5));
  await drained(first);
  broker.crash();
  const second = await start(broker, refusing([2], took));
  await produce(broker, [5]);
  await drained(second);
  expect(new Set(lettersOf(broker).flatMap(({ value }) => idsIn(value)))).toEqual(new Set([2]));
  expect(new Set(took)).toEqual(new Set([0, 1, 3, 4, 5]));
  expect(row(second, "out")).toMatchObject({ entered: 6, delivered: 5, deadLettered: 1 });
  expectBalanced(second);
  await second.stop();
});

test("a partition whose letters cannot be written holds up no other", async () => {
  const broker = await openLog(2);
  broker.beforeAppend = async (topic, partition) => {
    if (topic === deadLetterTopic(ENRICHED) && partition === 0) throw new Fault("unavailable", "no leader");
  };
  const took: number[] = [];
  const run = await start(broker, refusing([1], took));
  await produce(broker, [0, 1], "otlp", 0);
  await produce(broker, [2], "otlp", 0);
  for (let id = 3; id < 10; id++) await produce(broker, [id], "otlp", 1);
  await expect.poll(() => took.filter((id) => id >= 3)).toEqual(range(3, 10));
  expect(row(run, "out")?.deadLettered).toBe(0);
  broker.beforeAppend = undefined;
  await drained(run);
  expect(row(run, "out")).toMatchObject({ entered: 10, delivered: 9, deadLettered: 1 });
  await run.stop();
});

test("raw records that cannot be read or processed go to the dead letters of their topic, and the partition goes on", async () => {
  const broker = await openLog();
  const took: number[] = [];
  const process: Processor["process"] = (batch) => {
    if (idsIn(batch.body).includes(7)) throw new RangeError("seven");
    return { parts: [batch] };
  };
  const run = await start(broker, refusing([], took), { process });
  const value = spans([99]);
  await broker.append(RAW, 0, [
    { headers: { v: "9", tenant: "t" }, value },
    { headers: rawHeaders({ tenant: "t", via: "otlp", items: 4 }), value: new Uint8Array([0x0a, 0x7f, 0x12]) },
    { headers: rawHeaders({ tenant: "t", via: "otlp", items: 2 }), value: new Uint8Array() },
  ]);
  await produce(broker, [6, 7]);
  await produce(broker, [8]);
  await drained(run);
  expect(took).toEqual([8]);
  const letters = lettersOf(broker, RAW).map((record) => ({ ...readLetter(record), value: record.value }));
  expect(letters.map(({ reason, origin, tenant, items }) => [reason, origin, tenant, items])).toEqual([
    ["unreadable_record", "0:0:0/1", "default", 1],
    ["invalid_item", "0:1:0/1", "t", 4],
    ["unreadable_record", "0:2:0/1", "t", 2],
    ["processor_failed", "0:3:0/1", "default", 2],
  ]);
  expect(letters[0]).toMatchObject({
    raw: { v: "9", tenant: "t" },
    detail: expect.stringContaining("version 9"),
  });
  expect(Buffer.from(value).equals(letters[0]?.value ?? new Uint8Array())).toBe(true);
  expect(letters[3]?.detail).toBe("processor edit: seven");
  const rows = run.ledger.rows().filter(({ component }) => component === "");
  expect(rows.map(({ tenant, entered, deadLettered }) => [tenant, entered, deadLettered])).toEqual([
    ["default", 4, 3],
    ["t", 6, 6],
  ]);
  expectBalanced(run);
  await run.stop();
  // The account is the same for whoever takes over from the enriched records alone.
  const again = await broker.restart();
  await again.state.put([{ key: totalsKey(PIPELINE.group, 0), value: null }]);
  const next = await start(again, refusing([], took));
  await drained(next);
  expect(row(next, "")).toMatchObject({ entered: 4, deadLettered: 3, forwarded: 1 });
  expect(lettersOf(again, RAW)).toHaveLength(4);
  await next.stop();
});

test("an enriched record of somebody else's is set aside, counts for nobody, and does not stop the partition", async () => {
  const broker = await openLog();
  const took: number[] = [];
  await broker.append(ENRICHED, 0, [{ headers: { some: "thing" }, value: spans([1]) }]);
  const run = await start(broker, refusing([], took));
  await produce(broker, [2]);
  await drained(run);
  expect(took).toEqual([2]);
  expect(lettersOf(broker).map(readLetter)).toMatchObject([
    { exporter: "out", reason: "unreadable_record", items: 0, origin: "0:0:0/1", raw: { some: "thing" } },
  ]);
  expectBalanced(run);
  await run.stop();
});

test("a try that got no answer is counted as a delivery that may have been, a refusal is not", async () => {
  const broker = await openLog();
  const verdicts = [
    unanswered(new Fault("unavailable", "cut")),
    retry(new Fault("unavailable", "503")),
    unanswered(new Fault("unavailable", "cut")),
  ];
  const run = await start(broker, async () => verdicts.shift() ?? SETTLED);
  await produce(broker, range(0, 3));
  await drained(run);
  expect(row(run, "out")).toMatchObject({ delivered: 3, redelivered: 6 });
  await produce(broker, range(3, 5));
  await drained(run);
  expect(row(run, "out")).toMatchObject({ delivered: 5, redelivered: 6 });
  await run.stop();
});

test("a raw topic that was recreated is read from its beginning, and its records are no overlaps", async () => {
  const old = await openLog();
  const first = await start(old, async () => SETTLED);
  for (const id of range(0, 4)) await produce(old, [id]);
  await drained(first);
  await first.stop();
  // The state and the enriched topic survive, the raw topic does not.
  const fresh = await openLog();
  await fresh.state.put((await old.state.list("")).map(([key, value]) => ({ key, value })));
  for (const { headers, value } of old.records(ENRICHED)) await fresh.append(ENRICHED, 0, [{ headers, value }]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await produce(fresh, [100]);
  const seen: number[] = [];
  const second = await start(fresh, async (batch) => {
    seen.push(...idsIn(batch.body));
    return SETTLED;
  });
  await drained(second);
  expect(seen).toContain(100);
  await second.stop();
});

test("crashed thirty times under load, nothing produced is missing and the account balances to the item", async () => {
  const broker = await openLog(2);
  const seen: number[] = [];
  let random = 42;
  const chance = () => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
    return random / 2_147_483_648;
  };
  const deliver: Deliver = async (batch: Batch, abort) => {
    if (chance() < 0.2) return retry(new Fault("unavailable", "by chance"));
    await new Promise((resolve) => setTimeout(resolve, chance() * 3));
    if (abort.aborted) return retry(new Fault("aborted", "given up"));
    seen.push(...idsIn(batch.body));
    return SETTLED;
  };
  let next = 0;
  for (let round = 0; round < 30; round++) {
    const run = await start(broker, deliver);
    for (let n = 0; n < 20; n++, next += 3) await produce(broker, range(next, next + 3), "otlp", n % 2);
    await new Promise((resolve) => setTimeout(resolve, chance() * 10));
    expectBalanced(run);
    broker.crash();
  }
  const last = await start(broker, deliver);
  await drained(last);
  expectBalanced(last);
  expect(new Set(seen)).toEqual(new Set(range(0, next)));
  const out = row(last, "out");
  expect(out).toMatchObject({ entered: next, delivered: next });
  expect(out?.redelivered).toBeGreaterThanOrEqual(seen.length - next);
  await last.stop();
});
