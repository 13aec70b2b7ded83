/** Writer, store and readers together against the simplest thing that could be meant: a map of everything ever appended. */
import type { Member } from "@rondo/broker";
import { Fault } from "@rondo/core";
import { labelValue } from "@rondo/promql";
import fc from "fast-check";
import { expect, test } from "vitest";
import { matching } from "./matchers.cases.ts";
import { openWindowReader, type WindowReader } from "./window-reader.ts";
import { type Gauge, MINUTE, writing } from "./writing.cases.ts";

/** A sample: which of three jobs, how many seconds before the present it was measured, and what. */
const sample = fc.record({
  job: fc.constantFrom("a", "b", "c"),
  age: fc.integer({ min: -90, max: 200 }),
  value: fc.nat(9),
});

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant("append" as const), samples: fc.array(sample, { maxLength: 5 }) }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
  ...(["redeliver", "restart", "crash", "two", "flush", "lose reply", "regress", "away", "back", "read"] as const).map(
    (does) => ({ weight: 1, arbitrary: fc.record({ does: fc.constant(does) }) }),
  ),
);

async function contentOf(reader: WindowReader): Promise<Record<string, number | undefined>> {
  const found = await reader.select(matching("up"), { after: 0, until: Number.POSITIVE_INFINITY });
  const entries = found.flatMap(({ labels, times, values }) => {
    expect([...times]).toEqual([...new Set(times)].sort((a, b) => a - b));
    return [...times].map((time, at) => [`${labelValue(labels, "job")}@${time}`, values[at]] as const);
  });
  return Object.fromEntries(entries);
}

test("whatever is lost, repeated, reordered, killed or away, readers end with the first of every sample", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      const { clock, broker, store, join, append, failures } = await writing();
      const open = () => openWindowReader({ store, tenant: "a", partitions: 1, keepMs: 10 * MINUTE, clock });
      const old = open();
      const model = new Map<string, number>();
      const appended: (readonly Gauge[])[] = [];
      let members: Member[] = [await join()];
      const away = () => {
        throw new Fault("unavailable", "away");
      };
      for (const one of actions) {
        if (one.does === "append") {
          const gauges = one.samples.map(
            ({ job, age, value }) => ["up", job, clock.now() - age * 1000, value] as const,
          );
          await append(gauges);
          appended.push(gauges);
          for (const [, job, time, value] of gauges) {
            const key = `${job}@${time}`;
            if (!model.has(key)) model.set(key, value);
          }
        } else if (one.does === "wait") await clock.advance(one.ms);
        else if (one.does === "redeliver") await append(appended.at(-2) ?? []);
        else if (one.does === "restart") {
          for (const member of members) await member.leave();
          members = [await join()];
        } else if (one.does === "crash") {
          broker.crash();
          members = [await join()];
        } else if (one.does === "two") members.push(await join());
        else if (one.does === "flush") store.flush();
        else if (one.does === "away") store.before = away;
        else if (one.does === "back") store.before = undefined;
        else if (one.does === "lose reply") {
          store.afterWrite = () => {
            store.afterWrite = undefined;
            away();
          };
        } else if (one.does === "regress") {
          // As a replica does that has not heard of the last writes: here only the mark is older, the samples are there.
          store.afterWrite = undefined;
          const mark = store.before === undefined ? await store.mark(0) : undefined;
          const back = Math.max(0, (mark?.next ?? 0) - 2);
          if (mark !== undefined) await store.write({ ...mark, partition: 0, from: mark.next, to: back, appends: [] });
        } else await old.refresh().catch((fault: unknown) => expect(fault).toMatchObject({ code: "unavailable" }));
      }
      store.before = undefined;
      await clock.advance(5_000);
      const present = clock.now();
      expect(await old.refresh()).toMatchObject({ warming: false });
      const late = open();
      expect((await late.refresh()).watermark).toBeGreaterThan(present - 2_000);
      // What is older than all reaches may be there or not.
      const due = Object.fromEntries([...model].filter(([key]) => Number(key.split("@")[1]) >= present - 10 * MINUTE));
      for (const reader of [old, late]) {
        const content = await contentOf(reader);
        for (const [key, value] of Object.entries(content)) expect([key, value]).toEqual([key, model.get(key)]);
        expect(content).toMatchObject(due);
      }
      for (const member of members) await member.leave();
      expect(failures).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
