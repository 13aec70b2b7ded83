import { type NewRecord, recordBytes, wholeValue } from "@rondo/broker";
import { sleep } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batcher, type BatchLimits, batcher, type Piece } from "./batcher.ts";

const LIMITS: BatchLimits = { targetBytes: 100, recordBytes: 300, appendBytes: 500, lingerMs: 10 };

/** Pieces are told apart by their length-prefixed number, so that a joined value can be taken apart again. */
function piece(number: number, size: number, partition = 0, tenant = "a"): Piece {
  const body = Buffer.alloc(Math.max(8, size));
  body.writeUInt32BE(number, 0);
  body.writeUInt32BE(body.length, 4);
  return { topic: "t", partition, tenant, via: "otlp", items: 1, body };
}

function numbersIn({ value }: NewRecord): number[] {
  const bytes = Buffer.from(wholeValue(value));
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at + 4)) numbers.push(bytes.readUInt32BE(at));
  return numbers;
}

/** Submits a piece, and says as a promise what became of it. */
function submit(to: Batcher, piece: Piece) {
  const { promise: durable, resolve, reject } = Promise.withResolvers<void>();
  // Most tests look elsewhere.
  durable.catch(() => {});
  const withdraw = to.submit(piece, (fault) => (fault === undefined ? resolve() : reject(fault)));
  return { durable, withdraw };
}

interface Recorded {
  readonly partition: number;
  readonly records: readonly NewRecord[];
}

/** A batcher whose appends are written down and all succeed at once. */
function recording(limits: BatchLimits = LIMITS) {
  const clock = new FakeClock();
  const appends: Recorded[] = [];
  const it = batcher(
    async (_, partition, records) => {
      appends.push({ partition, records });
      return {};
    },
    clock,
    limits,
  );
  return { clock, appends, it, numbers: () => appends.map(({ records }) => records.map(numbersIn)) };
}

test("small pieces wait for company, and go together when the linger has passed", async () => {
  const { clock, it, numbers } = recording();
  for (const number of [1, 2, 3]) submit(it, piece(number, 8));
  await clock.advance(9);
  expect(numbers()).toEqual([]);
  await clock.advance(1);
  expect(numbers()).toEqual([[[1, 2, 3]]]);
  expect(it.pending).toBe(0);
  expect(clock.pending).toBe(0);
});

// A log has a bound for an append as a whole, and small records with much metadata are nearly all headers.
test("an append is bounded with the headers of its records", async () => {
  const { clock, it, appends } = recording({ ...LIMITS, appendBytes: 2_000 });
  for (let number = 0; number < 40; number++)
    submit(it, { ...piece(number, 8), meta: { x: [`${number}`.repeat(200)] } });
  await clock.advance(10);
  expect(appends.flatMap(({ records }) => records)).toHaveLength(40);
  for (const { records } of appends) {
    expect(records.length).toBeGreaterThan(1);
    expect(records.reduce((sum, record) => sum + recordBytes(record), 0)).toBeLessThanOrEqual(2_000);
  }
});

test("memory that the log returns is given back, and what it may still use is not", async () => {
  const lent = [0, 1].map(() => Buffer.allocUnsafeSlow(5000));
  const batches = batcher(async (_, partition) => (partition === 0 ? { returned: true } : {}), new FakeClock(), LIMITS);
  for (const [partition, body] of lent.entries()) await submit(batches, { ...piece(1, 8), partition, body }).durable;
  expect(lent.map(({ length }) => length)).toEqual([0, 5000]);
});

test("a record that has reached its target goes at once", async () => {
  const { it, numbers } = recording();
  await Promise.all([submit(it, piece(1, 60)).durable, submit(it, piece(2, 60)).durable]);
  expect(numbers()).toEqual([[[1, 2]]]);
});

test("a piece that must be alone is a record at once, whatever gathers before and behind it", async () => {
  const { clock, it, numbers } = recording();
  for (const number of [1, 2]) submit(it, piece(number, 8));
  for (const number of [3, 4]) submit(it, { ...piece(number, 8), alone: true });
  for (const number of [5, 6]) submit(it, piece(number, 8));
  await clock.advance(10);
  expect(numbers().flat()).toEqual([[1, 2], [3], [4], [5, 6]]);
  for (const number of [7, 8]) await submit(it, { ...piece(number, 8), alone: true }).durable;
  expect(numbers().flat().slice(4)).toEqual([[7], [8]]);
  expect(clock.pending).toBe(0);
});

test("tenants never share a record, and a record says how many items it has", async () => {
  const { clock, it, appends } = recording();
  submit(it, piece(1, 8, 0, "a"));
  submit(it, piece(2, 8, 0, "b"));
  submit(it, piece(3, 8, 0, "a"));
  await clock.advance(10);
  expect(appends.flatMap(({ records }) => records.map(({ headers }) => headers))).toEqual([
    { v: "1", tenant: "a", via: "otlp", items: "2" },
    { v: "1", tenant: "b", via: "otlp", items: "1" },
  ]);
});

test("a tenant's pile is not the other's wait", async () => {
  const clock = new FakeClock();
  const appends: NewRecord[][] = [];
  const held = Promise.withResolvers<void>();
  const it = batcher(
    async (_, __, records) => {
      appends.push([...records]);
      await held.promise;
      return {};
    },
    clock,
    LIMITS,
  );
  for (let number = 0; number < 100; number++) submit(it, piece(number, 100, 0, "noisy"));
  submit(it, piece(1_000, 8, 0, "quiet"));
  await clock.advance(10);
  held.resolve();
  await settled();
  const turn = appends.findIndex((records) => records.some(({ headers }) => headers["tenant"] === "quiet"));
  expect(turn).toBe(1);
  expect(it.pending).toBe(0);
});

test("a piece that was taken back in time is not written", async () => {
  const { clock, it, numbers } = recording();
  const [first, second] = [submit(it, piece(1, 8)), submit(it, piece(2, 8))];
  first.withdraw();
  await expect(first.durable).rejects.toMatchObject({ code: "aborted" });
  await clock.advance(10);
  await second.durable;
  second.withdraw();
  expect(numbers()).toEqual([[[2]]]);
});

test("everything taken back leaves nothing to write", async () => {
  const { clock, it, numbers } = recording();
  const only = submit(it, piece(1, 8));
  only.withdraw();
  await expect(only.durable).rejects.toThrow();
  await clock.advance(100);
  expect(numbers()).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("in a hurry nothing lingers", async () => {
  const { it, numbers } = recording();
  submit(it, piece(1, 8));
  it.hurry();
  await settled();
  submit(it, piece(2, 8));
  await settled();
  expect(numbers()).toEqual([[[1]], [[2]]]);
});

const submission = fc.record({
  size: fc.integer({ min: 8, max: 400 }),
  partition: fc.integer({ min: 0, max: 2 }),
  tenant: fc.constantFrom("a", "b"),
  before: fc.integer({ min: 0, max: 15 }),
  withdraw: fc.boolean(),
});
const outcome = fc.record({ takes: fc.integer({ min: 0, max: 30 }), fails: fc.boolean() });

test("whatever comes and fails: order is kept, every piece is answered once and truly, and bounds hold", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(submission, { maxLength: 40 }),
      fc.array(outcome, { minLength: 1 }),
      async (given, fates) => {
        const clock = new FakeClock();
        const written: { partition: number; tenant: string; number: number }[] = [];
        const inFlight = new Set<number>();
        let appends = 0;
        const it = batcher(
          async (_, partition, records) => {
            expect(inFlight.has(partition)).toBe(false);
            inFlight.add(partition);
            const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
            expect(records.length === 1 || bytes <= LIMITS.appendBytes).toBe(true);
            const fate = fates[appends++ % fates.length];
            await sleep(clock, fate?.takes ?? 0, new AbortController().signal);
            inFlight.delete(partition);
            if (fate?.fails) throw new Error("no");
            for (const record of records) {
              const numbers = numbersIn(record);
              expect(numbers.length === 1 || record.value.length <= LIMITS.recordBytes).toBe(true);
              const tenant = record.headers["tenant"] ?? "";
              for (const number of numbers) written.push({ partition, tenant, number });
            }
            return {};
          },
          clock,
          LIMITS,
        );
        const answers = new Map<number, boolean[]>();
        for (const [number, { size, partition, tenant, before, withdraw }] of given.entries()) {
          await clock.advance(before);
          const { durable, withdraw: takeBack } = submit(it, piece(number, size, partition, tenant));
          const answer = (yes: boolean) => answers.set(number, [...(answers.get(number) ?? []), yes]);
          durable.then(
            () => answer(true),
            () => answer(false),
          );
          if (withdraw) takeBack();
        }
        await clock.advance(5_000);
        expect(it.pending).toBe(0);
        expect(clock.pending).toBe(0);
        const durable = new Set(written.map(({ number }) => number));
        expect(written).toHaveLength(durable.size);
        for (const number of given.keys()) expect(answers.get(number)).toEqual([durable.has(number)]);
        const lanes = Map.groupBy(written, ({ partition, tenant }) => `${partition}${tenant}`);
        for (const lane of lanes.values()) {
          const numbers = lane.map(({ number }) => number);
          expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("large requests stay where they are, as the pieces of a record's value, and small ones become one", async () => {
  const clock = new FakeClock();
  const written: { readonly pieces: boolean; readonly numbers: readonly number[] }[] = [];
  const append = async (_topic: string, _partition: number, records: readonly NewRecord[]) => {
    for (const record of records) written.push({ pieces: Array.isArray(record.value), numbers: numbersIn(record) });
    return { returned: true } as const;
  };
  const limits = { targetBytes: 1 << 20, recordBytes: 1 << 20, appendBytes: 1 << 20, lingerMs: 10 };
  const it = batcher(append, clock, limits);
  const large = [1, 2, 3].map((number) => piece(number, 20_000, 0, "large"));
  const small = [4, 5].map((number) => piece(number, 100, 0, "small"));
  for (const one of [...large, ...small]) submit(it, one);
  await clock.advance(10);
  expect(written).toEqual([
    { pieces: true, numbers: [1, 2, 3] },
    { pieces: false, numbers: [4, 5] },
  ]);
  expect(large.map(({ body }) => body.length)).toEqual([0, 0, 0]);
});
