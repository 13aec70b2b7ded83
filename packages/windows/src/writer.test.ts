import { Fault } from "@rondo/core";
import { labelValue } from "@rondo/promql";
import { settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { matching } from "./matchers.cases.ts";
import { openWindowReader } from "./window-reader.ts";
import { WindowSelectors } from "./window-selectors.ts";
import { MINUTE, TOPIC, writing } from "./writing.cases.ts";

/** A writer that has begun, and a reader of tenant `a`. */
async function set() {
  const under = await writing();
  const { store, clock, t0 } = under;
  const reader = openWindowReader({ store, tenant: "a", partitions: 1, keepMs: 10 * MINUTE, clock });
  /** What windows hold, as `name/job@seconds=value`. */
  const held = async () => {
    const freshness = await reader.refresh();
    const found = await reader.select(matching("", ["__name__", "!=", ""]), { after: 0, until: 1e15 });
    return {
      ...freshness,
      samples: found
        .flatMap(({ labels, times, values }) =>
          [...times].map((time, at) => {
            return `${labelValue(labels, "__name__")}/${labelValue(labels, "job")}@${(time - t0) / 1000}=${values[at]}`;
          }),
        )
        .sort(),
    };
  };
  return { ...under, held };
}

test("what a rule reads is kept, the rest is counted by why it is not", async () => {
  const { join, append, clock, held, outcomes, t0, failures } = await set();
  await join();
  await append([
    ["up", "a", t0, 1],
    ["other", "a", t0, 1],
    ["down", "a", t0 - 3 * MINUTE + 1, 2],
    ["down", "a", t0 - 4 * MINUTE, 3],
    ["up", "a", t0 - 11 * MINUTE - 1, 4],
    ["up", "a", t0 + 10 * MINUTE, 5],
    ["up", "a", t0 + 11 * MINUTE, 6],
  ]);
  await append([["up", "a", t0, 7]], "somebody else");
  await clock.advance(250);
  expect((await held()).samples).toEqual(["down/a@-179.999=2", "up/a@0=1", "up/a@600=5"]);
  expect(outcomes()).toEqual({ kept: 3, unread: 2, too_old: 2, too_new: 1 });
  expect(failures).toEqual([]);
});

test("a record that nobody can read is counted, and does not stop what comes behind it", async () => {
  const { join, append, clock, held, outcomes, broker, t0 } = await set();
  await join();
  const headers = { tenant: "a", items: "1", origin: "0:0:0/1", at: "0" };
  await broker.append(TOPIC, 0, [{ headers, value: Buffer.of(255) }]);
  await append([["up", "a", t0, 1]]);
  await clock.advance(250);
  expect((await held()).samples).toEqual(["up/a@0=1"]);
  expect(outcomes()).toEqual({ kept: 1, malformed: 1 });
});

// Rules of the log 11: one silent client must not stop `absent()`.
test("the watermark is the present while nothing is left in the log, whatever the samples' times", async () => {
  const { join, append, clock, held, t0, broker } = await set();
  await join();
  await clock.advance(0);
  expect(await held()).toEqual({ watermark: t0, warming: false, samples: [] });
  await append([["up", "a", t0 - MINUTE, 1]]);
  await clock.advance(5_000);
  expect(await held()).toMatchObject({ watermark: t0 + 5_000, warming: false });
  await append([["up", "a", t0 + MINUTE, 1]]);
  await clock.advance(200);
  expect(await held()).toMatchObject({ watermark: t0 + 5_000, samples: ["up/a@-60=1", "up/a@60=1"] });
  await clock.advance(800);
  expect(await held()).toMatchObject({ watermark: t0 + 6_000 });
  expect(await broker.position("rondo.metrics.windows")).toMatchObject([{ committed: 2 }]);
});

test("the watermark is that of the last record while there are more", async () => {
  const { join, append, clock, held, broker, t0 } = await set();
  await join();
  await clock.advance(0);
  const { watermarks } = broker;
  broker.watermarks = async (...asked) => ({ ...(await watermarks(...asked)), high: 1000 });
  await clock.advance(1_500);
  await append([["up", "a", t0, 1]]);
  await clock.advance(3_000);
  expect(await held()).toMatchObject({ watermark: t0 + 1_500 });
});

test("while the store is away the partition is held; nothing is lost and nothing is skipped", async () => {
  const { join, append, clock, held, store, t0, failures } = await set();
  await join();
  await clock.advance(0);
  store.before = () => {
    throw new Fault("unavailable", "away");
  };
  for (let second = 0; second < 30; second++) {
    await append([["up", "a", t0 + second, second]]);
    await clock.advance(1_000);
  }
  store.before = undefined;
  await clock.advance(2_000);
  expect((await held()).samples).toHaveLength(30);
  expect(failures).toEqual([]);
});

test("a clock that was ahead for a while leaves neither a hole nor a watermark in the future", async () => {
  const { join, append, clock, held, outcomes, t0 } = await set();
  await join();
  await clock.advance(1_000);
  clock.set(60 * MINUTE);
  await append([["up", "a", t0, 1]]);
  await clock.advance(1_500);
  expect(outcomes()).toEqual({ too_old: 1 });
  clock.set(-60 * MINUTE);
  await clock.advance(3_000);
  expect(await held()).toMatchObject({ warming: false, samples: ["up/a@0=1"] });
  expect((await held()).watermark).toBeLessThanOrEqual(clock.now());
});

test("a store that was away at the start is waited for", async () => {
  const { join, append, clock, held, store, t0 } = await set();
  store.before = () => {
    throw new Fault("unavailable", "away");
  };
  await append([["up", "a", t0, 1]]);
  await join();
  await clock.advance(30_000);
  store.before = undefined;
  await clock.advance(1_000);
  expect(await held()).toMatchObject({ warming: false, samples: ["up/a@0=1"] });
});

test("a write whose answer was lost is not made twice", async () => {
  const { join, append, clock, held, store, t0 } = await set();
  await join();
  await clock.advance(0);
  store.afterWrite = () => {
    store.afterWrite = undefined;
    throw new Fault("unavailable", "no answer");
  };
  await append([["up", "a", t0, 1]]);
  await clock.advance(2_000);
  const bytes = store.bytes(0);
  await append([["up", "b", t0, 2]]);
  await clock.advance(2_000);
  expect((await held()).samples).toEqual(["up/a@0=1", "up/b@0=2"]);
  expect(store.bytes(0)).toBeGreaterThan(bytes);
  expect(store.bytes(0)).toBeLessThan(3 * bytes);
});

test("windows that were lost are filled again, and warm until they have what they had", async () => {
  const { join, append, clock, held, store, t0, registry } = await set();
  await join();
  for (let minute = 0; minute < 5; minute++) {
    await append([["up", "a", clock.now(), minute]]);
    await clock.advance(MINUTE);
  }
  const before = await held();
  store.flush();
  // Nothing comes: the loss is noticed when the log is next asked.
  await clock.advance(1_000);
  expect(await held()).toMatchObject({ warming: true, samples: before.samples });
  await clock.advance(1_000);
  expect(await held()).toEqual({ ...before, watermark: t0 + 5 * MINUTE + 2_000 });
  const late = openWindowReader({ store, tenant: "a", partitions: 1, keepMs: 10 * MINUTE, clock });
  await late.refresh();
  expect(late.held().samples).toBe(5);
  expect(registry.render()).toMatch(/^rondo_windows_refills_total 2$/m);
});

test("while a partition is filled its readers are told so", async () => {
  const { join, append, clock, held, store, broker } = await set();
  for (let minute = 0; minute < 5; minute++) {
    await append([["up", "a", clock.now(), minute]]);
    await clock.advance(MINUTE);
  }
  const { write } = store;
  const seen: unknown[] = [];
  store.write = async (what) => {
    const verdict = await write(what);
    const { warming, samples } = await held();
    seen.push([what.to, warming, samples.length]);
    return verdict;
  };
  await join({ readBytes: 1 });
  await clock.advance(1_000);
  expect(seen.length).toBeGreaterThan(1);
  for (const [to, warming, samples] of seen as [number, boolean, number][]) {
    expect([warming, samples]).toEqual([to < 5, to]);
  }
  expect(await broker.watermarks(TOPIC, 0)).toMatchObject({ high: 5 });
});

test("filling begins where the oldest sample may be that something still reads", async () => {
  const { join, append, clock, store } = await set();
  for (let minute = 0; minute < 60; minute++) {
    await append([["up", "a", clock.now(), minute]]);
    await clock.advance(MINUTE);
  }
  const begun: number[] = [];
  const { write } = store;
  store.write = (what) => {
    if (what.from === undefined) begun.push(what.to);
    return write(what);
  };
  await join();
  await clock.advance(1_000);
  // Ten minutes of reach, one of lateness, ten by which a sample may be ahead.
  expect(begun).toEqual([60 - 21]);
});

test("a writer goes on where the last one stopped, and says what it keeps", async () => {
  const { join, append, clock, held, store, t0, registry } = await set();
  const first = await join();
  await append([["up", "a", t0, 1]]);
  await clock.advance(1_000);
  await first.leave();
  await append([["up", "b", t0, 2]]);
  const second = await join();
  await clock.advance(1_000);
  expect((await held()).samples).toEqual(["up/a@0=1", "up/b@0=2"]);
  expect(registry.render()).toMatch(/^rondo_windows_refills_total 1$/m);
  await second.leave();
  // Rules that read something else.
  const selectors = new WindowSelectors({ rules: { a: [{ matchers: matching("other"), reachMs: MINUTE }] } });
  await append([["other", "a", t0, 3]]);
  await clock.advance(1_000);
  await join({ selectors });
  await clock.advance(1_000);
  expect((await held()).samples).toContain("other/a@0=3");
  expect(await store.mark(0)).toMatchObject({ keeps: selectors.fingerprint, next: 3 });
  expect(registry.render()).toMatch(/^rondo_windows_refills_total 2$/m);
});

test("a topic that was made anew is read from its beginning", async () => {
  const { join, append, clock, held, store, t0 } = await set();
  const progress = { partition: 0, watermark: t0, warming: false, keeps: "" };
  await store.write({ ...progress, from: undefined, to: 500, appends: [] });
  await append([["up", "a", t0, 1]]);
  await join();
  await clock.advance(1_000);
  expect(await held()).toMatchObject({ warming: false, samples: ["up/a@0=1"] });
});

// The other one may be the old owner, that does not know yet, or the new one.
test("a writer that finds another at work goes on behind it", async () => {
  const { join, append, clock, held, store, t0 } = await set();
  await join();
  await clock.advance(0);
  await append([["up", "a", t0, 1]]);
  await append([["up", "b", t0, 2]]);
  const mark = await store.mark(0);
  expect(mark?.next).toBe(0);
  // It lies: what it says to have written is not there.
  await store.write({
    ...{ partition: 0, watermark: t0, warming: false, keeps: mark?.keeps ?? "" },
    from: 0,
    to: 1,
    appends: [],
  });
  await clock.advance(1_000);
  await append([["up", "c", t0, 3]]);
  await clock.advance(1_000);
  expect((await held()).samples).toEqual(["up/b@0=2", "up/c@0=3"]);
  // A store that lost its newest writes stands farther back.
  await store.write({
    ...{ partition: 0, watermark: t0, warming: false, keeps: mark?.keeps ?? "" },
    from: 3,
    to: 0,
    appends: [],
  });
  await clock.advance(2_000);
  expect((await held()).samples).toEqual(["up/a@0=1", "up/b@0=2", "up/c@0=3"]);
});

test("a run that is ended ends at once, also while it waits for the store", async () => {
  const { join, append, clock, store, t0, failures } = await set();
  const member = await join();
  await append([["up", "a", t0, 1]]);
  store.before = () => {
    throw new Fault("unavailable", "away");
  };
  await clock.advance(1_000);
  await member.leave();
  expect(failures).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("what will not pass makes the member fail", async () => {
  const { join, clock, store, failures } = await set();
  store.before = () => {
    throw new Fault("config", "evicts");
  };
  await join();
  await clock.advance(1_000);
  await settled();
  expect(failures).toMatchObject([{ code: "config" }]);
});
