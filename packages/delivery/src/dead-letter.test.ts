import { type Batch, type Deliver, Fault, retry, SETTLED, type Verdict } from "@rondo/core";
import { countItems } from "@rondo/otlp";
import { FakeClock, idsIn, namedSpans, profilesRequest } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { deadLetter, type Letter, type SetAside } from "./dead-letter.ts";
import { keepsAll, never, recordingLog } from "./layers.cases.ts";

/** A batch whose spans are numbered through its records. */
function numbered(sizes: readonly number[], from = 0): Batch {
  const items = sizes.reduce((sum, size) => sum + size, 0);
  const names = Array.from({ length: items }, (_, n) => `id-${from + n};`);
  const sources = sizes.map((size, n) => ({ origin: `0:${from + n}:0/1`, items: size }));
  return { signal: "traces", tenant: "t", items, body: namedSpans(names), sources, meta: { site: ["a"] } };
}

const refused = ({ items, body }: Batch): Verdict => ({
  kind: "settled",
  drops: [{ reason: "backend_rejected", items, body, together: true, detail: "no" }],
});

/** A backend that refuses every request with a bad item in it, and keeps what it took. */
function picky(isBad: (id: number) => boolean) {
  const took: number[] = [];
  const asked: number[] = [];
  const deliver: Deliver = async (batch) => {
    const ids = idsIn(batch.body);
    expect(countItems("traces", batch.body)).toBe(batch.items);
    expect(ids).toHaveLength(batch.items);
    asked.push(batch.items);
    if (ids.some(isBad)) return refused(batch);
    took.push(...ids);
    return SETTLED;
  };
  return { took, asked, deliver };
}

function set(deliver: Deliver, keep: SetAside = keepsAll) {
  const letters: Letter[] = [];
  const log = recordingLog();
  const layer = deadLetter({ log, clock: new FakeClock() });
  const setAside: SetAside = async (some, abort) => {
    const kept = await keep(some, abort);
    if (kept) letters.push(...some);
    return kept;
  };
  return { letters, log, layer, send: layer(setAside)(deliver) };
}

const lettered = (letters: readonly Letter[]) => letters.flatMap(({ body }) => idsIn(body));

test("of a thousand items the one that is refused is set aside, and all others arrive in their order", async () => {
  const { took, asked, deliver } = picky((id) => id === 777);
  const { letters, send } = set(deliver);
  const batch = numbered([500, 250, 250]);
  const verdict = await send(batch, never());
  expect(took).toEqual(Array.from({ length: 1_000 }, (_, n) => n).filter((id) => id !== 777));
  expect(lettered(letters)).toEqual([777]);
  // The second to last record, of which it was the 28th item.
  expect(letters[0]).toMatchObject({
    origin: "0:2:0/1",
    first: 27,
    items: 1,
    reason: "backend_rejected",
    detail: "no",
  });
  expect(letters[0]?.batch).toEqual({ signal: "traces", tenant: "t", meta: { site: ["a"] } });
  expect(verdict).toEqual({
    kind: "settled",
    drops: [
      {
        ...{ reason: "backend_rejected", items: 1, detail: "no", deadLettered: true },
        sources: [{ origin: "0:2:0/1", items: 1 }],
      },
    ],
  });
  expect(asked.length).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(1_000)));
});

test("whichever items are refused, exactly they are set aside, once, from the right record", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.func(fc.nat(9)), fc.integer({ min: 0, max: 10 }), async (records, chance, below) => {
      const isBad = (id: number) => chance(id) < below;
      const { took, asked, deliver } = picky(isBad);
      const { letters, send } = set(deliver);
      const batch = numbered(records);
      const verdict = await send(batch, never());
      const all = Array.from({ length: batch.items }, (_, n) => n);
      expect(took).toEqual(all.filter((id) => !isBad(id)));
      expect(lettered(letters)).toEqual(all.filter(isBad));
      expect(asked.length).toBeLessThanOrEqual(2 * batch.items);
      const starts = new Map<string, number>();
      let begin = 0;
      for (const { origin, items } of batch.sources ?? []) {
        starts.set(origin, begin);
        begin += items;
      }
      for (const { origin, first, body } of letters) expect(idsIn(body)[0]).toBe((starts.get(origin) ?? -1) + first);
      const drops = verdict.kind === "settled" ? verdict.drops : [];
      expect(drops.reduce((sum, { items }) => sum + items, 0)).toBe(all.filter(isBad).length);
      for (const { items, sources = [] } of drops) expect(sources.reduce((sum, one) => sum + one.items, 0)).toBe(items);
    }),
  );
});

test("however many are refused, the tries are bounded and nothing is lost", async () => {
  const { took, asked, deliver } = picky((id) => id % 2 === 0);
  const { letters, send } = set(deliver);
  const verdict = await send(numbered([3_000, 1_000]), never());
  expect(asked.length).toBeLessThanOrEqual(512 + 12);
  // What was not searched any more stands in letters as it is, good items among it, cut at the borders of the records.
  expect([...took, ...lettered(letters)].sort((a, b) => a - b)).toEqual(Array.from({ length: 4_000 }, (_, n) => n));
  expect(took.every((id) => id % 2 === 1)).toBe(true);
  expect(new Set(letters.map(({ origin }) => origin)).size).toBe(2);
  expect(verdict.kind).toBe("settled");
});

test("what is too large is cut until it fits, and what is too large alone is set aside", async () => {
  const took: number[] = [];
  const sizes: number[] = [];
  const deliver: Deliver = async (batch) => {
    sizes.push(batch.body.length);
    if (batch.body.length > 2_000) return refused(batch);
    took.push(...idsIn(batch.body));
    return SETTLED;
  };
  const names = Array.from({ length: 200 }, (_, n) => (n === 50 ? `id-${n};${"x".repeat(3_000)}` : `id-${n};`));
  const { letters, send } = set(deliver);
  const sources = [{ origin: "0:0:0/1", items: 200 }];
  await send({ signal: "traces", tenant: "t", items: 200, body: namedSpans(names), sources }, never());
  expect(took).toEqual(Array.from({ length: 200 }, (_, n) => n).filter((n) => n !== 50));
  expect(lettered(letters)).toEqual([50]);
  expect(sizes.length).toBeLessThan(40);
});

test("a slow backend is searched for a minute, and what is left then is asked once more as it is", async () => {
  const clock = new FakeClock();
  const { took, asked, deliver } = picky((id) => id === 999);
  const slow: Deliver = async (batch, abort) => {
    await clock.advance(20_000);
    return await deliver(batch, abort);
  };
  const letters: Letter[] = [];
  const layer = deadLetter({ log: recordingLog(), clock })(async (some) => letters.push(...some) > 0);
  await layer(slow)(numbered([1_000]), never());
  expect(asked).toEqual([1_000, 500, 500, 250, 250]);
  expect([took.length, lettered(letters).length]).toEqual([750, 250]);
});

test("a backend that refuses everything costs few tries from the second batch on, until it takes something", async () => {
  let broken = true;
  const { took, asked, deliver } = picky((id) => broken || id === 2_500);
  const { letters, log, send } = set(deliver);
  await send(numbered([1_000]), never());
  expect(asked.length).toBeLessThanOrEqual(512 + 10);
  asked.length = 0;
  await send(numbered([1_000], 1_000), never());
  expect(asked.length).toBeLessThanOrEqual(8 + 10);
  expect(lettered(letters)).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
  expect(log.lines).toEqual([expect.stringContaining("refuses all that it is sent")]);
  broken = false;
  letters.length = 0;
  await send(numbered([1_000], 2_000), never());
  expect(took).toHaveLength(999);
  expect(lettered(letters)).toEqual([2_500]);
});

test("the batch is not settled before its letters are durable, and goes back when they cannot be kept", async () => {
  const { deliver } = picky((id) => id === 1);
  const waiting = Promise.withResolvers<boolean>();
  const { send } = set(deliver, () => waiting.promise);
  let verdict: Verdict | undefined;
  const sent = send(numbered([3]), never()).then((one) => {
    verdict = one;
  });
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  expect(verdict).toBeUndefined();
  waiting.resolve(false);
  await sent;
  expect(verdict).toMatchObject({ kind: "retry", fault: { code: "aborted" } });
});

test("an abort in the middle of the search hands the batch back, without letters", async () => {
  let calls = 0;
  const { letters, send } = set(async (batch) =>
    ++calls < 3 ? refused(batch) : retry(new Fault("aborted", "the caller gave up")),
  );
  expect(await send(numbered([8]), never())).toMatchObject({ kind: "retry" });
  expect([calls, letters]).toEqual([3, []]);
});

test("what a backend counts and does not name stays a drop, billed to the records it was in", async () => {
  const deliver: Deliver = async (batch) =>
    batch.items > 4 ? refused(batch) : { kind: "settled", drops: [{ reason: "backend_rejected", items: 1 }] };
  const { letters, send } = set(deliver);
  const drop = (origin: string) => ({ reason: "backend_rejected", items: 1, sources: [{ origin, items: 4 }] });
  expect(await send(numbered([4, 4]), never())).toEqual({ kind: "settled", drops: [drop("0:0:0/1"), drop("0:1:0/1")] });
  expect(letters).toEqual([]);
});

test("items that a drop names with their bytes are set aside without a search", async () => {
  let calls = 0;
  const { letters, send } = set(async ({ items, body }) => {
    calls++;
    return { kind: "settled", drops: [{ reason: "backend_rejected", items, body }] };
  });
  await send(numbered([2, 3]), never());
  expect(calls).toBe(1);
  expect(letters.map(({ origin, items }) => [origin, items])).toEqual([
    ["0:0:0/1", 2],
    ["0:1:0/1", 3],
  ]);
});

test("profiles are set aside whole", async () => {
  const body = profilesRequest("x", 3);
  const sources = [{ origin: "0:7:0/1", items: 3 }];
  const { letters, send } = set(async (batch) => refused(batch));
  const verdict = await send({ signal: "profiles", tenant: "t", items: 3, body, sources }, never());
  expect(verdict).toMatchObject({ drops: [{ items: 3, deadLettered: true }] });
  expect(letters).toMatchObject([{ origin: "0:7:0/1", first: 0, items: 3, body }]);
});

test("partitions search side by side and know of each other only what the backend is like", async () => {
  const { deliver } = picky(() => true);
  const { layer } = set(deliver);
  const counts = [0, 0];
  const sends = counts.map((_, n) =>
    layer(keepsAll)(async (batch, abort) => {
      counts[n] = (counts[n] ?? 0) + 1;
      return await deliver(batch, abort);
    }),
  );
  await sends[0]?.(numbered([64]), never());
  await sends[1]?.(numbered([64]), never());
  expect(counts[0]).toBe(127);
  expect(counts[1]).toBeLessThanOrEqual(8 + 6);
});
