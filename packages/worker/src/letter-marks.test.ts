import { memoryBroker } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LetterMarks, letterCountsText, MARK_RUNS, sumLetterCounts } from "./letter-marks.ts";

const NOTHING = { replayed: 0, dropped: {} };

test("whatever is marked in whatever order is done, and nothing else, also when it is read back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(30)), async (offsets) => {
      const { state } = memoryBroker();
      const marks = await LetterMarks.load(state, "t.dlq", 0);
      for (const offset of offsets) marks.mark({ offset, timestamp: 100 }, "t", NOTHING);
      await state.put([marks.write(0)]);
      for (const one of [marks, await LetterMarks.load(state, "t.dlq", 0)]) {
        for (let offset = 0; offset <= 32; offset++)
          expect(one.isDone({ offset, timestamp: 100 })).toBe(offsets.includes(offset));
      }
    }),
  );
});

test("counts are kept by tenant, and a topic that was made anew has nothing done", async () => {
  const { state } = memoryBroker();
  const marks = await LetterMarks.load(state, "t.dlq", 3);
  marks.mark({ offset: 1, timestamp: 50 }, "a", { replayed: 2, dropped: {} });
  marks.mark({ offset: 2, timestamp: 60 }, "a", { replayed: 1, dropped: { "otlp/backend_rejected": 1 } });
  marks.mark({ offset: 9, timestamp: 55 }, "b", { replayed: 0, dropped: { "otlp/backend_rejected": 4 } });
  await state.put([marks.write(0)]);
  const back = await LetterMarks.load(state, "t.dlq", 3);
  expect(Object.fromEntries(back.counts)).toEqual({
    a: { replayed: 3, dropped: { "otlp/backend_rejected": 1 } },
    b: { replayed: 0, dropped: { "otlp/backend_rejected": 4 } },
  });
  const text = "3 items were replayed, 5 dropped (otlp/backend_rejected 5)";
  expect(letterCountsText(sumLetterCounts([back]))).toBe(text);
  expect(letterCountsText(sumLetterCounts([]))).toBe("");
  expect([back.isDone({ offset: 2, timestamp: 60 }), back.isDone({ offset: 2, timestamp: 61 })]).toEqual([true, false]);
  expect((await LetterMarks.load(state, "t.dlq", 4)).isDone({ offset: 2, timestamp: 60 })).toBe(false);
});

test("what retention has taken is forgotten, and more runs than a record holds are refused", async () => {
  const { state } = memoryBroker();
  const marks = await LetterMarks.load(state, "t.dlq", 0);
  for (let run = 0; run <= MARK_RUNS; run++) marks.mark({ offset: 2 * run, timestamp: 1 }, "t", NOTHING);
  expect(() => marks.write(0)).toThrow(`more than ${MARK_RUNS} runs`);
  const { value } = marks.write(2);
  await state.put([{ key: "letters/t.dlq/0", value }]);
  const back = await LetterMarks.load(state, "t.dlq", 0);
  expect([0, 2].map((offset) => back.isDone({ offset, timestamp: 1 }))).toEqual([false, true]);
  await state.put([{ key: "letters/t.dlq/0", value: Buffer.from("{") }]);
  await expect(LetterMarks.load(state, "t.dlq", 0)).rejects.toMatchObject({ code: "corrupt" });
});
