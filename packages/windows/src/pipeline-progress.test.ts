import { enrichedHeaders, writeOrigin } from "@rondo/broker";
import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { PipelineProgress } from "./pipeline-progress.ts";

const SOURCE = { topic: "raw", group: "g" };

async function set(start: "earliest" | "latest" = "earliest") {
  const broker = memoryBroker({ partitions: 1 });
  await broker.ensureTopics([{ name: "raw" }, { name: "enriched" }]);
  const raw = (records: number) =>
    broker.append(
      "raw",
      0,
      Array.from({ length: records }, () => ({ headers: {}, value: Buffer.of(1) })),
    );
  const enriched = async (offset: number, at: number, part = 0, parts = 1) => {
    const origin = writeOrigin({ partition: 0, offset, part, parts });
    const headers = enrichedHeaders({ tenant: "a", items: 1, at, origin });
    const { baseOffset } = await broker.append("enriched", 0, [{ headers, value: Buffer.of() }]);
    const [record] = await broker.read("enriched", 0, baseOffset, 1);
    if (record === undefined) throw new Error("it was just appended");
    return record;
  };
  const register = () => broker.registerGroup({ ...SOURCE, start });
  const progress = new PipelineProgress(broker, SOURCE, "enriched", 0);
  return { broker, raw, enriched, register, progress };
}

test("a raw topic without a record has nothing to wait for", async () => {
  const { progress, register } = await set();
  await register();
  expect(await progress.isCaughtUp()).toBe(true);
});

// A pipeline that stands still leaves an enriched topic that is read to its end, and windows that lack what it has not done.
test("a raw record that the pipeline has not processed is waited for", async () => {
  const { progress, register, raw, enriched } = await set();
  await register();
  await raw(2);
  expect(await progress.isCaughtUp()).toBe(false);
  expect(progress.saw(await enriched(0, 1000))).toBe(1000);
  expect(await progress.isCaughtUp()).toBe(false);
  progress.saw(await enriched(1, 2000, 0, 2));
  expect(await progress.isCaughtUp()).toBe(false);
  progress.saw(await enriched(1, 2000, 1, 2));
  expect(await progress.isCaughtUp()).toBe(true);
});

test("after a takeover the last enriched record says how far the pipeline was", async () => {
  const { broker, register, raw, enriched } = await set();
  await register();
  await raw(1);
  await enriched(0, 1000);
  expect(await new PipelineProgress(broker, SOURCE, "enriched", 0).isCaughtUp()).toBe(true);
});

test("what lay in the raw topic before the pipeline's beginning is never processed", async () => {
  const { progress, register, raw } = await set("latest");
  await raw(3);
  await register();
  expect(await progress.isCaughtUp()).toBe(true);
});

test("a raw topic that was made anew counts from its own beginning", async () => {
  const { progress, register, raw, enriched } = await set();
  await register();
  progress.saw(await enriched(700, 1000));
  await raw(2);
  progress.saw(await enriched(0, 5000));
  expect(await progress.isCaughtUp()).toBe(false);
  progress.saw(await enriched(1, 5001));
  expect(await progress.isCaughtUp()).toBe(true);
});

test("without a source the enriched topic is all there is", async () => {
  const { broker, enriched } = await set();
  const progress = new PipelineProgress(broker, undefined, "enriched", 0);
  const record = await enriched(0, 7);
  expect([progress.saw(record), await progress.isCaughtUp()]).toEqual([record.timestamp, true]);
});
