import type { Claim, StateWrite } from "@rondo/broker";
import { Fault, type KeepingProcessor, type Log, silentLog } from "@rondo/core";
import { FakeClock, type MemoryBroker, memoryBroker, namedSpans } from "@rondo/testkit";
import { expect, test } from "vitest";
import { checkpointWrites } from "./checkpoint-store.ts";
import { type KeptFrom, type KeptOptions, KeptState } from "./kept-state.ts";
import type { Stages } from "./stages.ts";

const PLACE = { group: "g", partition: 0 };
const TOPIC = "raw";

/** Keeps a text; `?` is one that it cannot read. */
class Keeping implements KeepingProcessor {
  text = "";
  process = () => ({ parts: [] });
  checkpoint = () => Buffer.from(this.text);
  restore(checkpoint: Uint8Array) {
    this.text = Buffer.from(checkpoint).toString();
    if (this.text === "?") throw new Fault("corrupt", "unknown form");
  }
  get kept() {
    return this.text.length;
  }
}

interface Rig {
  readonly broker: MemoryBroker;
  readonly clock: FakeClock;
  readonly errors: string[];
  readonly lost: string[];
  open(from: KeptFrom, ids?: readonly string[]): Promise<{ kept: KeptState; made: Keeping[] }>;
  /** Stores a checkpoint of one text for each component. */
  put(offset: number, texts: Readonly<Record<string, string>>): Promise<void>;
  commit(kept: KeptState): Promise<readonly StateWrite[]>;
  keys(): Promise<string[]>;
}

async function rig(records = 100): Promise<Rig> {
  const broker = memoryBroker();
  const clock = new FakeClock();
  await broker.ensureTopics([{ name: TOPIC }]);
  for (let n = 0; n < records; n++) await broker.append(TOPIC, 0, [{ headers: {}, value: namedSpans([]) }]);
  const errors: string[] = [];
  const lost: string[] = [];
  const log: Log = {
    ...silentLog,
    error: (message) => void errors.push(message),
    warn: (message) => void errors.push(message),
  };
  return {
    ...{ broker, clock, errors, lost },
    async open(from, ids = ["a"]) {
      const stages = (): Stages => {
        const keeping = ids.map((id) => ({ id, type: "keep", processor: new Keeping() }));
        return { stages: keeping, keeping };
      };
      const bounds = { intervalMs: 1_000, rawBytes: 500 };
      const options: KeptOptions = { broker, clock, log, stages, bounds, group: "g", lost: (id) => lost.push(id) };
      // All that is read of a claim.
      const kept = await KeptState.open({ topic: TOPIC, partition: 0 } as Claim, from, options);
      // Made right above.
      return { kept, made: kept.keeping.map(({ processor }) => processor as Keeping) };
    },
    put: (offset, texts) =>
      broker.state.put(
        checkpointWrites(
          PLACE,
          offset,
          Object.entries(texts).map(([id, text]) => ({ id, type: "keep", value: Buffer.from(text) })),
        ),
      ),
    async commit(kept) {
      const writes = kept.writes();
      await broker.state.put(writes);
      kept.stored(writes);
      return writes;
    },
    keys: async () => (await broker.state.list("checkpoint/")).map(([key]) => key),
  };
}

test("without a checkpoint it begins where the pipeline does, and nothing may be appended before the first is stored", async () => {
  const { open, commit } = await rig();
  const { kept } = await open({ offset: 40 });
  expect([kept.next, kept.needsFirst, kept.bounded(40)]).toEqual([40, true, 40]);
  kept.take();
  await commit(kept);
  expect(kept.needsFirst).toBe(false);
});

test("a restart goes back to the newest checkpoint, and the commit does not pass it", async () => {
  const { open, put } = await rig();
  await put(20, { a: "older" });
  await put(30, { a: "newer" });
  const { kept, made } = await open({ offset: 40 });
  expect(made.map(({ text }) => text)).toEqual(["newer"]);
  expect([kept.next, kept.needsFirst, kept.bounded(40), kept.bytesOf("a")]).toEqual([30, false, 30, 5]);
  kept.ran(30, 1);
  expect(kept.bounded(31)).toBe(30);
});

test("a checkpoint that was taken is stored with the next commit, and those before the one before it are ended", async () => {
  const { open, put, commit, keys } = await rig();
  await put(10, { a: "first" });
  await put(20, { a: "second" });
  const { kept, made } = await open({ offset: 20 });
  const [component = new Keeping()] = made;
  component.text = "third";
  kept.ran(20, 1);
  kept.take();
  expect(kept.bounded(21)).toBe(21);
  await commit(kept);
  const padded = (offset: number) => `checkpoint/g/0/${String(offset).padStart(16, "0")}`;
  expect(await keys()).toEqual([padded(20), `${padded(20)}/a/0`, padded(21), `${padded(21)}/a/0`]);
  expect(await commit(kept)).toHaveLength(2);
  expect(await keys()).toEqual([padded(21), `${padded(21)}/a/0`]);
  expect((await open({ offset: 21 })).made.map(({ text }) => text)).toEqual(["third"]);
});

test("a commit that failed is made again with the same checkpoint", async () => {
  const { open, commit } = await rig();
  const { kept } = await open({ offset: 5 });
  kept.take();
  expect(kept.writes()).toHaveLength(1);
  expect(await commit(kept)).toHaveLength(1);
  expect(kept.bounded(9)).toBe(5);
});

test("one that a component cannot read gives way to the one before, and without any the component begins anew, alone", async () => {
  const { open, put, lost, errors } = await rig();
  await put(20, { a: "old a", b: "old b" });
  await put(30, { a: "new a", b: "?" });
  const before = await open({ offset: 40 }, ["a", "b"]);
  expect([before.kept.next, ...before.made.map(({ text }) => text)]).toEqual([20, "old a", "old b"]);
  expect([lost, errors]).toEqual([[], []]);
  await put(20, { a: "old a", b: "?" });
  const { kept, made } = await open({ offset: 40 }, ["a", "b"]);
  expect([kept.next, ...made.map(({ text }) => text)]).toEqual([30, "new a", ""]);
  expect(lost).toEqual(["b"]);
  expect(errors).toEqual(["no checkpoint of a processor can be read: it goes on as if it had kept nothing"]);
});

test("a component that is new in the pipeline begins empty where the others go on; one that is gone is passed over", async () => {
  const { open, put, lost } = await rig();
  await put(30, { a: "kept", gone: "?" });
  const { kept, made } = await open({ offset: 40 }, ["a", "new"]);
  expect([kept.next, ...made.map(({ text }) => text), ...lost]).toEqual([30, "kept", ""]);
});

test.each([
  ["the topic was recreated", { offset: 0, recreated: true as const }],
  ["its offset is ahead of what the pipeline has done", { offset: 10 }],
])("a checkpoint is not used when %s: that is an error, counted and cleared", async (_what, from) => {
  const { open, put, lost, errors, commit, keys } = await rig();
  await put(30, { a: "other" });
  const { kept, made } = await open(from);
  expect([kept.next, ...made.map(({ text }) => text)]).toEqual([from.offset, ""]);
  expect([lost, errors.length]).toEqual([["a"], 1]);
  kept.take();
  await commit(kept);
  expect((await keys()).every((key) => key.includes(String(from.offset).padStart(16, "0")))).toBe(true);
});

test("when retention has removed what came after the checkpoint, a warning says what is missing", async () => {
  const { open, put, broker, errors } = await rig();
  await put(30, { a: "kept" });
  broker.trim(TOPIC, 0, 35);
  expect((await open({ offset: 40 })).made.map(({ text }) => text)).toEqual(["kept"]);
  expect(errors).toEqual([
    "records between the checkpoint and the first one kept were removed: what processors keep lacks them",
  ]);
});

test("a pipeline that keeps nothing any more ends what it has in the store, and holds no commit back", async () => {
  const { open, put, commit, keys } = await rig();
  await put(30, { a: "kept" });
  const { kept } = await open({ offset: 40 }, []);
  expect([kept.needsFirst, kept.bounded(70), kept.dueInMs]).toEqual([false, 70, undefined]);
  await commit(kept);
  expect(await keys()).toEqual([]);
});

test("a checkpoint is due some time after the first record, or when many bytes came; later when it is large", async () => {
  const { open, clock, put } = await rig();
  await put(1, { a: "x" });
  const { kept, made } = await open({ offset: 1 });
  const [component = new Keeping()] = made;
  expect([kept.dueInMs, kept.ageMs]).toEqual([undefined, 0]);
  kept.ran(1, 100);
  await clock.advance(400);
  expect([kept.dueInMs, kept.ageMs]).toEqual([600, 400]);
  kept.ran(2, 400);
  expect(kept.dueInMs).toBe(0);
  component.text = "y".repeat(3 << 20);
  kept.take();
  kept.stored(kept.writes());
  kept.ran(3, 500);
  expect(kept.dueInMs).toBe(3_000);
});
