/** On the embedded log every reader gets the very bytes that were appended, which are given back when the last one is done with them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Broker,
  type Claim,
  deadLetterTopic,
  enrichedTopic,
  exporterGroup,
  type LogRecord,
  pipelineGroup,
  RAW_TOPICS,
  rawHeaders,
} from "@rondo/broker";
import { openEmbedded } from "@rondo/broker/embedded";
import {
  allocate,
  type Batch,
  type Deliver,
  type Exporter,
  Fault,
  type Processor,
  RETURNED,
  retry,
  silentLog,
  sleep,
  systemClock,
  type Verdict,
} from "@rondo/core";
import { chain } from "@rondo/delivery";
import { idsIn, namedSpans } from "@rondo/testkit";
import { expect, onTestFinished, test } from "vitest";
import { runExporterClaim } from "./export.ts";
import { runPipelineClaim } from "./pipeline.ts";

const RAW = RAW_TOPICS.traces;
const ENRICHED = enrichedTopic("traces", "traces");
const RECORDS = 60;
/** Above what is left to the C library: what is freed is lent again, and written to. */
const PADDING = "x".repeat(300_000);
const NEVER = new AbortController().signal;

async function openLog(): Promise<Broker> {
  const directory = await mkdtemp(join(tmpdir(), "rondo-given-"));
  const about = { clock: systemClock, log: silentLog, partitions: 1, sync: false };
  // Of a few records: most leave it while somebody still reads them.
  const broker = await openEmbedded({ ...about, directory, tailCacheBytes: 1 << 20 });
  onTestFinished(async () => {
    await broker.close();
    await rm(directory, { recursive: true });
  });
  await broker.ensureTopics([RAW, ENRICHED].flatMap((name) => [{ name }, { name: deadLetterTopic(name) }]));
  return broker;
}

function owned(bytes: Uint8Array): Buffer {
  const made = allocate(bytes.length);
  made.set(bytes);
  return made;
}

/** Makes of every second record something new, and leaves the others as they are. */
const editing: Processor = {
  process: ({ items, body }) => ({ parts: [{ items, body: (idsIn(body)[0] ?? 0) % 2 === 0 ? owned(body) : body }] }),
};

/** A backend that reads the request for `ms`; what it has read at the end must be what it was in the beginning. */
class Backend {
  readonly seen: number[] = [];
  readonly spoilt: number[] = [];
  readonly #ms: number;
  readonly #failsAt: number;
  #tries = 0;

  constructor(ms: number, failsAt = 0) {
    this.#ms = ms;
    this.#failsAt = failsAt;
  }

  readonly deliver: Deliver = async (batch: Batch): Promise<Verdict> => {
    const ids = idsIn(batch.body);
    await sleep(systemClock, this.#ms, NEVER);
    this.#tries++;
    if (batch.body.indexOf(0xdb) >= 0 || JSON.stringify(idsIn(batch.body)) !== JSON.stringify(ids))
      this.spoilt.push(...ids);
    if (this.#failsAt > 0 && this.#tries % this.#failsAt === 0) return retry(new Fault("unavailable", "later"));
    this.seen.push(...ids);
    return RETURNED;
  };
}

function exporterOf({ deliver }: Backend): Exporter {
  return {
    deliver,
    timeoutMs: 0,
    retry: { initialMs: 1, multiplier: 1, maxMs: 1, randomization: 0 },
    close: async () => {},
  };
}

async function hold(broker: Broker, group: string, topic: string, run: (claim: Claim) => Promise<unknown>) {
  await broker.registerGroup({ group, topic, start: "earliest" });
  const member = await broker.join(
    { group, topic },
    async (claim) => void (await run(claim)),
    () => {},
  );
  onTestFinished(() => member.leave());
}

test("whoever reads, retries, keeps or joins them, nobody reads bytes that were given back", async () => {
  const broker = await openLog();
  const common = {
    broker,
    clock: systemClock,
    log: silentLog,
    signal: "traces",
    pipeline: "traces",
    opened() {},
  } as const;
  const backends = { fast: new Backend(0), slow: new Backend(4), failing: new Backend(1, 3), joining: new Backend(9) };
  const kept: LogRecord[] = [];
  await hold(broker, pipelineGroup("traces"), RAW, (claim) =>
    runPipelineClaim(claim, claim.revoked, {
      ...common,
      ...{ group: pipelineGroup("traces"), enrichedTopic: ENRICHED, lastCall: NEVER, readBytes: 1 << 20 },
      stages: () => ({ stages: [{ id: "edit", processor: editing }], keeping: [] }),
      receivers: new Set(["otlp"]),
      maxRecordBytes: broker.maxRecordBytes,
      foreign: { tenant: "default", via: "otlp", count: () => 0 },
    }),
  );
  for (const [component, backend] of Object.entries(backends)) {
    const accumulation = { minItems: component === "joining" ? 3 : 1, maxItems: 0, maxBytes: 1 << 20, waitMs: 5 };
    const making = { accumulation, clock: systemClock, random: Math.random, log: silentLog };
    const group = exporterGroup("traces", component);
    await hold(broker, group, ENRICHED, (claim) =>
      runExporterClaim(claim, claim.revoked, {
        ...common,
        ...{ group, component, hurry: NEVER, lastCall: NEVER, readBytes: 4 << 20 },
        chain: chain(exporterOf(backend), making),
      }),
    );
  }
  // Says nothing when it is done, as users' own services do not.
  await hold(broker, "keeping", ENRICHED, async (claim) => {
    while (!claim.revoked.aborted) kept.push(...(await claim.read(1 << 20)));
  });
  const ids = Array.from({ length: RECORDS }, (_, id) => id);
  for (const id of ids) {
    const value = owned(namedSpans([`id-${id};${PADDING}`]));
    await broker.append(RAW, 0, [
      { headers: rawHeaders({ tenant: "default", via: "otlp", items: 1 }), value, given: true },
    ]);
    // What is lent anew is written to, as the next request is.
    allocate(value.length).fill(0xdb);
  }
  for (const backend of Object.values(backends)) {
    await expect.poll(() => backend.seen, { timeout: 10_000 }).toEqual(ids);
    expect(backend.spoilt).toEqual([]);
  }
  await expect.poll(() => kept.flatMap(({ value }) => idsIn(value))).toEqual(ids);
  expect(kept.some(({ value }) => value.includes(0xdb))).toBe(false);
});
