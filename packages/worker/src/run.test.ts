import { deadLetterTopic, enrichedTopic, exporterGroup, pipelineGroup, RAW_TOPICS, rawHeaders } from "@rondo/broker";
import type { Graph } from "@rondo/config";
import {
  type AnyExporterType,
  type Deliver,
  defineExporter,
  defineExtension,
  defineProcessor,
  Fault,
  type Log,
  type Meta,
  retry,
  SETTLED,
  silentLog,
  text,
} from "@rondo/core";
import { createRegistry, Readiness } from "@rondo/monitor";
import { CARRIED } from "@rondo/otlp";
import { FakeClock, idsIn, type MemoryBroker, memoryBroker, namedSpans, profilesRequest } from "@rondo/testkit";
import { describe, expect, test } from "vitest";
import { readUntil } from "./read-until.ts";
import { prepareLog, type Reader, startWorker, type Worker } from "./run.ts";
import { loadTotals } from "./totals.ts";

const RAW = RAW_TOPICS.traces;
const ENRICHED = enrichedTopic("traces", "traces");

/** A backend of the test's making: what it got, what it answers, and how often it was closed. */
function backend(answer: Deliver = async () => SETTLED) {
  const seen: number[] = [];
  // The type is put in right below: its deliver reads the answer of the moment from this very object.
  const backend = { seen, asked: 0, closed: 0, answer, type: {} as AnyExporterType };
  backend.type = defineExporter({
    type: "fake",
    summary: "Delivers to the test.",
    signals: ["traces"],
    fields: {},
    create: () => ({
      async deliver(batch, abort) {
        backend.asked++;
        const verdict = await backend.answer(batch, abort);
        if (verdict.kind === "settled") seen.push(...idsIn(batch.body));
        return verdict;
      },
      timeoutMs: 0,
      retry: { initialMs: 10, multiplier: 1, maxMs: 10, randomization: 0 },
      close: async () => void backend.closed++,
    }),
  });
  return backend;
}

type Backend = ReturnType<typeof backend>;

function graphOf(backends: Readonly<Record<string, Backend>>, change: Partial<Graph["pipelines"][number]> = {}): Graph {
  const exporters = Object.entries(backends).map(([id, { type }]) => ({ id, type, values: {} }));
  return {
    receivers: [],
    pipelines: [{ id: "traces", signal: "traces", receivers: ["otlp"], processors: [], exporters, ...change }],
    extensions: [],
    broker: {
      ...{ kind: "embedded", partitions: 1, retentionMs: 0, segmentBytes: 0, lingerMs: 0, sync: false },
      ...{ defaultTenant: "anybody", defaultReceiver: "otlp" },
    },
    windows: { store: { kind: "embedded" }, pipeline: undefined, keep: [], latenessMs: 0 },
    notYet: [],
    warnings: [],
  };
}

interface Rig {
  readonly readiness: Readiness;
  readonly broker: MemoryBroker;
  readonly clock: FakeClock;
  readonly worker: Worker;
}

async function start(
  graph: Graph,
  { log = silentLog, partitions = 1, readers = [] as readonly Reader[], refusals = [] as Fault[] } = {},
): Promise<Rig> {
  const clock = new FakeClock();
  const broker = memoryBroker({ clock, partitions });
  await prepareLog(
    graph,
    broker,
    readers.map(({ spec }) => spec),
  );
  const readiness = new Readiness(clock);
  const around = {
    clock,
    readers,
    random: () => 0.5,
    log,
    registry: createRegistry(),
    readiness,
    readAheadBytes: 1 << 20,
  };
  const join: MemoryBroker["join"] = async (...args) => {
    const refusal = refusals.shift();
    if (refusal !== undefined) throw refusal;
    return await broker.join(...args);
  };
  return { broker, clock, readiness, worker: await startWorker({ graph, broker: { ...broker, join }, ...around }) };
}

const produce = (broker: MemoryBroker, ids: readonly number[], via = "otlp", meta?: Meta) =>
  broker.append(RAW, 0, [
    {
      headers: rawHeaders({ tenant: "default", via, items: ids.length, ...(meta && { meta }) }),
      value: namedSpans(ids.map((id) => `id-${id};`)),
    },
  ]);

/** Lets the clock run until everything is settled; fails after ten seconds of it. */
async function settle({ worker, clock }: Rig): Promise<void> {
  const stop = new AbortController();
  let done = false;
  const drained = worker.drained(stop.signal).then(() => {
    done = true;
  });
  for (let ms = 0; !done && ms < 10_000; ms += 20) await clock.advance(20);
  stop.abort();
  await drained;
  expect(await worker.ledger.isDrained()).toBe(true);
}

describe("preparing the log", () => {
  test("an enriched topic gets as many partitions as its raw topic has, and every group is registered", async () => {
    const broker = memoryBroker({ partitions: 8 });
    await broker.ensureTopics([{ name: RAW, partitions: 3 }]);
    const graph = graphOf({ a: backend(), "b/1": backend() });
    await prepareLog(graph, broker);
    expect(await broker.partitions(ENRICHED)).toBe(3);
    expect(await broker.groups()).toEqual([
      { group: pipelineGroup("traces"), topic: RAW },
      { group: exporterGroup("traces", "a"), topic: ENRICHED },
      { group: exporterGroup("traces", "b/1"), topic: ENRICHED },
    ]);
    await prepareLog(graph, broker);
    expect(await broker.groups()).toHaveLength(3);
  });

  test("an enriched topic with another number of partitions is refused, since records could not stay in theirs", async () => {
    const broker = memoryBroker({ partitions: 2 });
    await broker.ensureTopics([{ name: ENRICHED, partitions: 5 }]);
    await expect(prepareLog(graphOf({ a: backend() }), broker)).rejects.toMatchObject({ code: "config" });
  });
});

test("every exporter gets everything once, through the pipeline's processors in their order", async () => {
  const [a, b] = [backend(), backend()];
  const mark = (id: string) => ({
    id,
    type: defineProcessor({
      ...{ type: "mark", summary: "Adds an id.", signals: ["traces"], state: "none", drops: [] },
      fields: { id: text("The id.") },
      create: (values) => ({
        process: ({ body, items }) => ({
          parts: [{ items: items + 1, body: Buffer.concat([body, namedSpans([`id-${values.id};`])]) }],
        }),
      }),
    }),
    values: { id },
  });
  const rig = await start(graphOf({ a, b }, { processors: [mark("100"), mark("200")] }));
  await produce(rig.broker, [1, 2]);
  await settle(rig);
  expect([a.seen, b.seen]).toEqual([
    [1, 2, 100, 200],
    [1, 2, 100, 200],
  ]);
  expect(rig.worker.ledger.rows()).toMatchObject([
    { component: "", entered: 2, created: 2, forwarded: 4 },
    { component: "a", entered: 4, delivered: 4 },
    { component: "b", entered: 4, delivered: 4 },
  ]);
  await rig.worker.close();
});

test("what is sent apart by client metadata reaches an exporter with it, never joined, and the rest is joined", async () => {
  const got: [Meta | undefined, number[]][] = [];
  const one = backend(async ({ meta, body }) => {
    got.push([meta, idsIn(body)]);
    return SETTLED;
  });
  const apart = {
    id: "apart",
    type: defineProcessor({
      ...{ type: "apart", summary: "Reads a key.", signals: ["traces"], state: "none", drops: [], fields: {} },
      metadata: () => ({ keys: ["x-site"], sent: true }),
      create: () => ({ process: ({ body, items }) => ({ parts: [{ items, body }] }) }),
    }),
    values: {},
  };
  const rig = await start(graphOf({ one }, { processors: [apart] }));
  await produce(rig.broker, [1], "otlp", { "x-site": ["a"], "x-request": ["r1"] });
  await produce(rig.broker, [2], "otlp", { "x-site": ["b"] });
  await produce(rig.broker, [3], "otlp", { "x-site": ["a"], "x-request": ["r2"] });
  await settle(rig);
  const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  const sent = got.flatMap(([meta, ids]) => ids.map((id) => [meta, id]));
  expect(sent.sort(byText)).toEqual([
    [{ "x-site": ["a"] }, 1],
    [{ "x-site": ["a"] }, 3],
    [{ "x-site": ["b"] }, 2],
  ]);
  await rig.worker.close();
});

test("profiles reach an exporter record by record in their very bytes, whoever wrote them, and no processor is made for them", async () => {
  const bodies: Uint8Array[] = [];
  const out = backend(async ({ body }) => {
    bodies.push(body);
    return SETTLED;
  });
  const processor = defineProcessor({
    ...{ type: "batch", summary: "Is not made.", signals: CARRIED, state: "none", drops: [], fields: {} },
    create: () => {
      throw new Fault("bug", "a processor of profiles was made");
    },
  });
  const processors = [{ id: "batch", type: processor, values: {} }];
  const rig = await start(graphOf({ out }, { id: "profiles", signal: "profiles", processors }));
  const sent = [1, 2, 3].map((profiles) => profilesRequest(`id-${profiles};`, profiles));
  await rig.broker.append(
    RAW_TOPICS.profiles,
    0,
    sent.map((value) => ({ headers: {}, value })),
  );
  await settle(rig);
  expect(bodies.map((body) => Buffer.from(body))).toEqual(sent);
  expect(rig.worker.ledger.rows()).toMatchObject([
    { component: "", signal: "profiles", tenant: "anybody", entered: 6, forwarded: 6 },
    { component: "out", signal: "profiles", entered: 6, delivered: 6 },
  ]);
  await rig.worker.close();
});

test("an exporter finds the client authenticators of the service, and no other extension", async () => {
  const found: unknown[] = [];
  const asking = backend();
  const { create } = asking.type;
  asking.type = {
    ...asking.type,
    create: (values, around) => {
      const headers = new Map<string, string>();
      around.headersBy?.("setter")?.(headers, { "x-site": ["a"] });
      found.push([...headers], around.headersBy?.("other"), around.headersBy?.("nobody"));
      return create(values, around);
    },
  };
  const setter = defineExtension({
    ...{ type: "setter", summary: "Sets.", signals: [], fields: { key: text("The key.") } },
    setHeaders: (values) => (headers, meta) => void headers.set(values.key, meta["x-site"]?.join() ?? ""),
  });
  const other = defineExtension({ type: "other", summary: "Does nothing.", signals: [], fields: {} });
  const extensions = [
    { id: "setter", type: setter, values: { key: "x" } },
    { id: "other", type: other, values: {} },
  ];
  const rig = await start({ ...graphOf({ asking }), extensions });
  expect(found).toEqual([[["x", "a"]], undefined, undefined]);
  await rig.worker.close();
});

test("an exporter whose backend is down holds back nobody else", async () => {
  const up = backend();
  const down = backend(async () => retry(new Fault("unavailable", "no")));
  const rig = await start(graphOf({ up, down }));
  for (let id = 0; id < 20; id++) await produce(rig.broker, [id]);
  await expect.poll(() => up.seen.length).toBe(20);
  await rig.clock.advance(1_000);
  const lags = await rig.worker.ledger.lags();
  expect(lags.map(({ component, unread, unsettled }) => [component, unread + unsettled])).toEqual([
    ["", 0],
    ["up", 0],
    ["down", 20],
  ]);
  down.answer = async () => SETTLED;
  await settle(rig);
  expect(down.seen).toEqual(up.seen);
  await rig.worker.close();
});

test("a group that fails is joined again two seconds later, and goes on where it was", async () => {
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void errors.push(message), child: () => log };
  const out = backend();
  const rig = await start(graphOf({ out }), { log });
  rig.broker.beforeAppend = (topic) => {
    if (topic === ENRICHED) throw new Fault("corrupt", "a torn segment");
  };
  await produce(rig.broker, [1]);
  await expect.poll(() => errors).toEqual(["a group failed and will be joined again"]);
  expect(rig.readiness.reasons()).toEqual([{ condition: "group rondo.traces", reason: "rondo.traces to run again" }]);
  rig.broker.beforeAppend = undefined;
  await rig.clock.advance(1_999);
  expect(out.seen).toEqual([]);
  await rig.clock.advance(1);
  await settle(rig);
  expect(rig.readiness.reasons()).toEqual([]);
  expect(out.seen).toEqual([1]);
  await rig.worker.close();
});

test("a group that cannot be reached at the start is joined when it can, and said once", async () => {
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  const log: Log = { ...silentLog, error: say, info: say, child: () => log };
  const out = backend();
  const refusals = [1, 2, 3].map(() => new Fault("unavailable", "no coordinator"));
  const rig = await start(graphOf({ out }), { log, refusals });
  expect(rig.readiness.reasons()).toHaveLength(2);
  await produce(rig.broker, [1]);
  await rig.clock.advance(4_000);
  await settle(rig);
  expect(rig.readiness.reasons()).toEqual([]);
  expect(lines.sort()).toEqual([
    ...Array(2).fill("a group cannot be joined; trying again until it can"),
    ...Array(2).fill("the group is joined"),
  ]);
  await rig.worker.close();
});

test("a group that can never be joined is a start that fails, and nothing stays open", async () => {
  const out = backend();
  const refusals = [new Fault("startup", "not authorized")];
  await expect(start(graphOf({ out }), { refusals })).rejects.toMatchObject({ code: "startup" });
  expect(out.closed).toBe(1);
});

test("what someone else wrote belongs to the defaults, and bytes that are no OTLP are one item that is set aside", async () => {
  const out = backend();
  const rig = await start(graphOf({ out }));
  await rig.broker.append(RAW, 0, [
    { headers: {}, value: namedSpans(["id-1;", "id-2;"]) },
    { headers: {}, value: Buffer.from("not OTLP") },
  ]);
  await settle(rig);
  expect(out.seen).toEqual([1, 2]);
  const [pipeline] = rig.worker.ledger.rows();
  expect(pipeline).toMatchObject({ tenant: "anybody", entered: 3, forwarded: 2, deadLettered: 1, dropped: {} });
  expect(rig.broker.records(deadLetterTopic(RAW))).toHaveLength(1);
  await rig.worker.close();
});

describe("closing", () => {
  test("commits what has settled, aborts what is in flight and closes every exporter once", async () => {
    const aborted: boolean[] = [];
    const quick = backend();
    const slow = backend(
      (_batch, abort) =>
        new Promise((resolve) =>
          abort.addEventListener("abort", () => {
            aborted.push(true);
            resolve(retry(new Fault("aborted", "given up")));
          }),
        ),
    );
    const { broker, worker } = await start(graphOf({ quick, slow }));
    await produce(broker, [1]);
    await expect.poll(() => quick.seen).toEqual([1]);
    // Nobody moves the clock: no beat has committed anything yet.
    await worker.close();
    expect([aborted, quick.closed, slow.closed]).toEqual([[true], 1, 1]);
    const committed = async (exporter: string) => {
      const group = exporterGroup("traces", exporter);
      const [position] = await broker.position(group);
      return [position?.committed, (await loadTotals(broker.state, group, 0))?.rows["default"]?.delivered];
    };
    expect(await committed("quick")).toEqual([1, 1]);
    expect(await committed("slow")).toEqual([0, undefined]);
    expect((await broker.position(pipelineGroup("traces")))[0]?.committed).toBe(1);
  });

  test("a wait for the drain ends with its signal", async () => {
    const down = backend(async () => retry(new Fault("unavailable", "no")));
    const { broker, clock, worker } = await start(graphOf({ down }));
    await produce(broker, [1]);
    const stop = new AbortController();
    const drained = worker.drained(stop.signal);
    await clock.advance(100);
    stop.abort();
    await drained;
    expect(await worker.ledger.isDrained()).toBe(false);
    await worker.close();
  });
});

describe("the last call", () => {
  // Where others read on, a stop does not wait for an empty log: only for what this process has in its hands.
  test("what is in hand goes out and is committed, what comes later stays in the log", async () => {
    const answered = Promise.withResolvers<void>();
    const slow = backend(() => answered.promise.then(() => SETTLED));
    const { broker, worker } = await start(graphOf({ slow }));
    await produce(broker, [1]);
    await expect.poll(() => slow.asked).toBe(1);
    const finished = worker.finished(new AbortController().signal);
    await produce(broker, [2]);
    answered.resolve();
    await finished;
    expect(slow.seen).toEqual([1]);
    expect((await broker.position(exporterGroup("traces", "slow")))[0]?.committed).toBe(1);
    expect((await broker.position(pipelineGroup("traces")))[0]?.committed).toBe(1);
    await worker.close();
  });

  test("a backend that never answers does not hold it beyond its signal", async () => {
    const silent = backend(
      (_batch, abort) =>
        new Promise((resolve) =>
          abort.addEventListener("abort", () => resolve(retry(new Fault("aborted", "given up")))),
        ),
    );
    const { broker, worker } = await start(graphOf({ silent }));
    await produce(broker, [1]);
    await expect.poll(() => silent.asked).toBe(1);
    const stop = new AbortController();
    const finished = worker.finished(stop.signal);
    stop.abort();
    await finished;
    await worker.close();
  });
});

test("a reader beside the pipelines gets what its topic has, shows its lag, and ends before the worker does", async () => {
  const up = backend();
  const seen: number[] = [];
  const ends: string[] = [];
  const reader: Reader = {
    spec: { group: "rondo.traces._beside", topic: ENRICHED },
    ...{ component: "beside", pipeline: "traces", signal: "traces" },
    async run(claim, ended) {
      while (!ended.aborted) {
        const records = await readUntil(claim, 1_000, ended);
        for (const { value, offset } of records) {
          seen.push(...idsIn(value));
          await claim.commit(offset + 1, []);
        }
      }
      ends.push("reader");
    },
  };
  const rig = await start(graphOf({ up }), { readers: [reader] });
  await produce(rig.broker, [1, 2]);
  await settle(rig);
  expect(seen).toEqual([1, 2]);
  expect((await rig.worker.ledger.lags()).at(-1)).toMatchObject({ component: "beside", unread: 0 });
  await rig.worker.close();
  expect(ends).toEqual(["reader"]);
});

test("a component that cannot be made is a failed start", async () => {
  const type = defineExporter({
    ...{ type: "fake", summary: "Fails.", signals: ["traces"], fields: {} },
    create: () => {
      throw new Fault("config", "exporters::fake: no such certificate");
    },
  });
  const graph = graphOf({}, { exporters: [{ id: "fake", type, values: {} }] });
  await expect(start(graph)).rejects.toThrow("no such certificate");
});

test("an exporter that cannot open what it needs is a failed start, and none stays open", async () => {
  const good = backend();
  const type = defineExporter({
    ...{ type: "fake", summary: "Fails.", signals: ["traces"], fields: {} },
    create: (_, around) => ({
      ...good.type.create({}, around),
      start: async () => {
        throw new Fault("startup", "exporters::fake: the port is in use");
      },
    }),
  });
  const exporters = [good.type, type].map((one, index) => ({ id: `fake/${index}`, type: one, values: {} }));
  await expect(start(graphOf({}, { exporters }))).rejects.toThrow("the port is in use");
  expect(good.closed).toBe(2);
});

test("a try that never ends turns readiness off after a minute; a backend that is away does not", async () => {
  const hanging = backend(() => new Promise(() => {}));
  const away = backend(async () => retry(new Fault("unavailable", "no")));
  const rig = await start(graphOf({ hanging, away }));
  await produce(rig.broker, [1]);
  await rig.clock.advance(55_000);
  expect(rig.readiness.reasons()).toEqual([]);
  await rig.clock.advance(20_000);
  expect(rig.readiness.reasons()).toEqual([
    {
      condition: `progress of ${exporterGroup("traces", "hanging")}`,
      reason: expect.stringMatching(
        / stands still on partition 0: since .* at offset 0, 0 records unread and 1 in hand$/,
      ),
    },
  ]);
  await rig.worker.close();
});
