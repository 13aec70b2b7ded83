import { deadLetterTopic, RAW_TOPICS } from "@rondo/broker";
import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { Backends, graphWith, LETTERS, logOf, putLetter } from "./letters.cases.ts";
import { type LetterFilter, letterPartitions, lettersIn } from "./letters.ts";

const graph = graphWith(new Backends(), [{ id: "out" }]);

async function found(broker: Awaited<ReturnType<typeof logOf>>, filter: LetterFilter = {}, of: typeof graph = graph) {
  const places: string[] = [];
  for (const partition of await letterPartitions(of, broker, filter)) {
    for await (const { topic, record, headers, isDone } of lettersIn(partition, broker, filter))
      places.push(`${topic}/${partition.partition}/${record.offset} ${headers.tenant}${isDone ? " done" : ""}`);
  }
  return places;
}

test("letters are found in every topic that may have some, by who they are of and when", async () => {
  const broker = await logOf(graph, 2);
  const raw = deadLetterTopic(RAW_TOPICS.traces);
  await putLetter(broker, [1], { tenant: "a" });
  await putLetter(broker, [2], { tenant: "b", partition: 1, exporter: "other" });
  await putLetter(broker, [3], { tenant: "c", topic: raw, reason: "processor_failed" });
  const all = [`${raw}/0/0 c`, `${LETTERS}/0/0 a`, `${LETTERS}/1/0 b`];
  expect(await found(broker)).toEqual(all);
  expect(await found(broker, { exporter: "other" })).toEqual([all[2]]);
  expect(await found(broker, { reason: "processor_failed" })).toEqual([all[0]]);
  expect(await found(broker, { tenant: "a", pipeline: "traces" })).toEqual([all[1]]);
  expect(await found(broker, { since: Date.now() + 60_000 })).toEqual([]);
  expect(await found(broker, { at: { topic: LETTERS, partition: 1, offset: 0 } })).toEqual([all[2]]);
  expect(await found(broker, { at: { topic: LETTERS, partition: 1, offset: 7 } })).toEqual([]);
});

test("letters of a pipeline that was removed are found, and a log without such topics has none", async () => {
  const broker = await logOf(graph);
  await putLetter(broker, [1], { tenant: "a" });
  expect(await found(broker, {}, { ...graph, pipelines: [] })).toEqual([`${LETTERS}/0/0 a`]);
  expect(await found(memoryBroker())).toEqual([]);
});

test("what is appended meanwhile is for the next time, and what is marked says so", async () => {
  const broker = await logOf(graph);
  await putLetter(broker, [1], { tenant: "a" });
  const partition = (await letterPartitions(graph, broker)).find(({ topic }) => topic === LETTERS);
  await putLetter(broker, [2], { tenant: "b" });
  const tenants: string[] = [];
  if (partition !== undefined)
    for await (const { headers, record } of lettersIn(partition, broker, {})) {
      tenants.push(headers.tenant);
      partition.marks.mark(record, headers.tenant, { replayed: 1, dropped: {} });
    }
  expect(tenants).toEqual(["a"]);
  if (partition !== undefined) await broker.state.put([partition.marks.write(0)]);
  expect(await found(broker)).toEqual([`${LETTERS}/0/0 a done`, `${LETTERS}/0/1 b`]);
});
