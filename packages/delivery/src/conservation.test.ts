/** Whatever a backend does – settle, drop, refuse, dawdle, throw, ignore aborts – no item is lost and none is counted twice. */
import { type Batch, type Deliver, Fault, retry as retryVerdict, SETTLED, type Verdict } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { chain } from "./chain.ts";
import { batchOf, recordingLog, unhurried } from "./layers.cases.ts";
import { InFlight, observe } from "./observe.ts";

const TIMEOUT_MS = 1_000;

type Mood = "settle" | "drop all" | "drop some" | "retry" | "later" | "slow" | "too slow" | "throw" | "reject" | "deaf";

/** A backend whose moods follow a list and then stay good; it keeps what it truly took, by origin. */
function moody(moods: readonly Mood[], clock: FakeClock) {
  const took = new Map<string, number>();
  const order: string[] = [];
  let calls = 0;
  const take = (batch: Batch): Verdict => {
    for (const { origin } of batch.sources ?? []) {
      took.set(origin, (took.get(origin) ?? 0) + 1);
      order.push(origin);
    }
    return SETTLED;
  };
  const after = (ms: number, abort: AbortSignal | undefined, answer: () => Verdict) =>
    new Promise<Verdict>((resolve) => {
      const cancel = clock.after(ms, () => resolve(answer()));
      abort?.addEventListener("abort", () => {
        cancel();
        resolve(retryVerdict(new Fault("aborted", "as told")));
      });
    });
  const away = () => retryVerdict(new Fault("unavailable", "away"));
  const act: Record<Mood, (batch: Batch, abort: AbortSignal) => Promise<Verdict>> = {
    settle: async (batch) => take(batch),
    "drop all": async ({ items, body }) => ({
      kind: "settled",
      drops: [{ reason: "backend_rejected", items, body, together: true }],
    }),
    "drop some": async (batch) => {
      take(batch);
      return { kind: "settled", drops: [{ reason: "backend_rejected", items: Math.ceil(batch.items / 2) }] };
    },
    retry: async () => away(),
    later: async () => retryVerdict(new Fault("throttled", "later"), 7_000),
    slow: (batch, abort) => after(TIMEOUT_MS / 2, abort, () => take(batch)),
    "too slow": (_, abort) => after(TIMEOUT_MS * 3, abort, away),
    // Ignores its abort and fails long after anybody listens.
    deaf: async () => {
      await after(TIMEOUT_MS * 3, undefined, away);
      throw new Error("too late");
    },
    throw: () => {
      throw new Error("bug");
    },
    reject: () => Promise.reject(new Error("bug")),
  };
  const deliver: Deliver = (batch, abort) => act[moods[calls++] ?? "settle"](batch, abort);
  return { deliver, took, order };
}

const mood = fc.constantFrom<Mood>(
  "settle",
  "drop all",
  "drop some",
  "retry",
  "later",
  "slow",
  "too slow",
  "throw",
  "reject",
  "deaf",
);
const call = fc.record({
  items: fc.integer({ min: 1, max: 5 }),
  gapMs: fc.constantFrom(0, 0, 1, 50, 2_000),
  abortAfterMs: fc.option(fc.constantFrom(0, 10, 600, 5_000), { freq: 4, nil: undefined }),
});
const how = fc.record({
  minItems: fc.constantFrom(1, 4, 100),
  maxItems: fc.constantFrom(0, 3, 8),
  maxBytes: fc.constantFrom(4, 1_000),
  waitMs: fc.constantFrom(0, 20),
});

test("every item ends once: delivered, dropped by name, or back with its owner", async () => {
  const run = async (
    calls: { items: number; gapMs: number; abortAfterMs: number | undefined }[],
    moods: Mood[],
    joined: Parameters<typeof chain>[1]["accumulation"],
  ) => {
    const clock = new FakeClock();
    const backend = moody(moods, clock);
    const policy = { initialMs: 100, multiplier: 2, maxMs: 1_000, randomization: 0.5 };
    const exporter = { deliver: backend.deliver, timeoutMs: TIMEOUT_MS, retry: policy, close: async () => {} };
    const inner = chain(exporter, { accumulation: joined, clock, random: () => 0.5, log: recordingLog() })(
      unhurried(),
      async () => {},
      async (letters) => {
        for (const { items } of letters) lettered += items;
        return true;
      },
    );
    const inFlight = new InFlight();
    let lettered = 0;
    const account = { entered: 0, delivered: 0, dropped: 0, deadLettered: 0, returned: 0 };
    const deliver = observe(
      {
        entered: (batch) => {
          account.entered += batch.items;
        },
        settled: (batch, verdict) => {
          const dropped = verdict.drops.reduce((sum, { items }) => sum + items, 0);
          account.dropped += dropped;
          account.delivered += batch.items - dropped;
          for (const { deadLettered, items } of verdict.drops) account.deadLettered += deadLettered ? items : 0;
        },
        returned: (batch) => {
          account.returned += batch.items;
        },
      },
      inFlight,
    )(inner);

    const ends: Promise<[string, Verdict]>[] = [];
    let total = 0;
    for (const [index, { items, gapMs, abortAfterMs }] of calls.entries()) {
      await clock.advance(gapMs);
      const stop = new AbortController();
      if (abortAfterMs !== undefined) clock.after(abortAfterMs, () => stop.abort());
      total += items;
      const origin = `o${index}`;
      ends.push(deliver(batchOf(origin, items), stop.signal).then((verdict) => [origin, verdict]));
      expect(account.entered - account.delivered - account.dropped - account.returned).toBe(inFlight.items);
    }
    for (let steps = 0; clock.untilNext !== undefined; steps++) {
      expect(steps).toBeLessThan(10_000);
      await clock.advance(clock.untilNext);
    }
    await settled();
    expect([inFlight.items, inFlight.batches]).toEqual([0, 0]);
    expect(account.entered).toBe(total);
    // An abort may leave a letter behind whose batch went back to its owner.
    expect(account.deadLettered).toBeLessThanOrEqual(lettered);
    expect(account.delivered + account.dropped + account.returned).toBe(total);

    for (const [origin, verdict] of await Promise.all(ends)) {
      const aborted = verdict.kind === "retry";
      if (aborted) expect(verdict.fault.code).toBe("aborted");
      // Only who was aborted may be with the backend and still call itself open; nobody is there twice.
      const times = backend.took.get(origin) ?? 0;
      expect(times).toBeLessThanOrEqual(1);
      if (!aborted && times === 0) expect(verdict.drops.length).toBeGreaterThan(0);
    }
    const firsts = [...new Set(backend.order)];
    expect(firsts).toEqual(firsts.toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
  };
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 12 }), fc.array(mood, { maxLength: 12 }), how, run),
    { numRuns: 300 },
  );
});
