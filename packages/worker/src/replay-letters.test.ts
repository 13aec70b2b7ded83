import { deadLetterTopic, RAW_TOPICS, readLetter } from "@rondo/broker";
import { silentLog, systemClock } from "@rondo/core";
import { idsIn, type MemoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { LetterMarks } from "./letter-marks.ts";
import { Backends, graphWith, LETTERS, logOf, putLetter } from "./letters.cases.ts";
import { type ReplayLettersOptions, replayLetters } from "./replay-letters.ts";

const TWO = [{ id: "out" }, { id: "other" }];

async function set(exporters: Parameters<typeof graphWith>[1] = TWO) {
  const backends = new Backends();
  const graph = graphWith(backends, exporters);
  const broker = await logOf(graph, 2);
  const around = { clock: systemClock, random: () => 0.5, log: silentLog, abort: new AbortController().signal };
  const replay = (more: Partial<ReplayLettersOptions> = {}) =>
    replayLetters({ graph, broker, filter: {}, ...around, ...more });
  return { backends, broker, graph, replay };
}

const lettered = (broker: MemoryBroker) => broker.records(LETTERS).map(({ value }) => idsIn(value));

test("each letter goes to its own exporter alone, and a second replay sends none of them again", async () => {
  const { backends, broker, replay } = await set();
  await putLetter(broker, [1]);
  await putLetter(broker, [2, 3], { exporter: "other" });
  await putLetter(broker, [4], { partition: 1 });
  expect(await replay({ filter: { exporter: "out" } })).toMatchObject({
    letters: 2,
    delivered: 2,
    refused: 0,
    complete: true,
  });
  expect(Object.fromEntries(backends.took)).toEqual({ out: [1, 4] });
  expect(await replay()).toMatchObject({ letters: 1, delivered: 2 });
  expect(await replay()).toMatchObject({ letters: 0, delivered: 0, complete: true });
  expect(Object.fromEntries(backends.took)).toEqual({ out: [1, 4], other: [2, 3] });
  expect([backends.started, backends.closed]).toEqual([2, 2]);
  const marks = await LetterMarks.load(broker.state, LETTERS, 0);
  expect(marks.counts.get("default")).toEqual({ replayed: 3, dropped: {} });
});

test("what is refused again stays a letter; of one that is taken in part the rest becomes a smaller one", async () => {
  const { backends, broker, replay } = await set();
  await putLetter(broker, [1]);
  await putLetter(broker, [2, 3, 4], { first: 5 });
  backends.refuses.add(1).add(3);
  expect(await replay()).toMatchObject({ letters: 2, delivered: 2, refused: 2 });
  expect(backends.took.get("out")).toEqual([2, 4]);
  expect(lettered(broker)).toEqual([[1], [2, 3, 4], [3]]);
  const [, , smaller] = broker.records(LETTERS).map(readLetter);
  expect(smaller).toMatchObject({ exporter: "out", first: 6, items: 1, origin: "0:0:0/1", reason: "backend_rejected" });
  backends.refuses.clear();
  expect(await replay()).toMatchObject({ letters: 2, delivered: 2, refused: 0 });
  expect(backends.took.get("out")).toEqual([2, 4, 1, 3]);
});

test("letters of a renamed exporter go to it; what nobody can be sent is named", async () => {
  const { backends, broker, replay } = await set([{ id: "new", renamedFrom: "out" }]);
  await putLetter(broker, [1]);
  await putLetter(broker, [2], { exporter: "gone" });
  await putLetter(broker, [3], { reason: "unreadable_record" });
  await putLetter(broker, [4], { topic: deadLetterTopic(RAW_TOPICS.traces), exporter: null });
  const { unsendable, letters } = await replay();
  expect(letters).toBe(1);
  expect(backends.took.get("new")).toEqual([1]);
  expect([...unsendable]).toEqual([
    ["pipeline traces", 1],
    ["exporter gone of pipeline traces", 1],
    ["exporter out of pipeline traces", 1],
  ]);
});

test("an abort ends it behind what was marked", async () => {
  const { backends, broker, replay } = await set();
  const stop = new AbortController();
  await putLetter(broker, [1]);
  await putLetter(broker, [2]);
  stop.abort();
  expect(await replay({ abort: stop.signal })).toMatchObject({ letters: 0, complete: false });
  expect(backends.took.size).toBe(0);
});
