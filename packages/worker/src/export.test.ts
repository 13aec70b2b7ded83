/** What an exporter's run makes known before it sends, what it does while the log cannot take that, and how much it holds. */

import { getEventListeners } from "node:events";
import { type Claim, enrichedHeaders, enrichedTopic, exporterGroup } from "@rondo/broker";
import { type Accumulation, type Deliver, Fault, RETURNED, SETTLED, silentLog } from "@rondo/core";
import { chain } from "@rondo/delivery";
import { FakeClock, memoryBroker, namedSpans, settled } from "@rondo/testkit";
import { expect, test } from "vitest";
import { runExporterClaim } from "./export.ts";
import { encodeTotals, loadTotals, totalsKey } from "./totals.ts";

const TOPIC = enrichedTopic("traces", "traces");
const GROUP = { group: exporterGroup("traces", "out"), topic: TOPIC };
const AT_ONCE: Accumulation = { minItems: 1, maxItems: 1, maxBytes: 1 << 20, waitMs: 0 };

/** An exporter that delivers at once, on one partition whose commits fail while `full`. */
async function set({ readBytes = 64 << 20, accumulation = AT_ONCE } = {}) {
  const clock = new FakeClock();
  const broker = memoryBroker({ clock });
  await broker.ensureTopics([{ name: TOPIC }]);
  await broker.registerGroup(GROUP);
  const disk = { full: false };
  const sent: string[] = [];
  const failures: Error[] = [];
  const hurry = new AbortController();
  /** Offsets of records that were released, and whether the exporter lets go of bodies. */
  const released: number[] = [];
  const lets = { go: false };
  const deliver: Deliver = async ({ sources = [] }) => {
    sent.push(...sources.map(({ origin }) => origin));
    return lets.go ? RETURNED : SETTLED;
  };
  const lending = (claim: Claim): Claim["read"] => {
    return async (maxBytes) =>
      (await claim.read(maxBytes)).map((record) => ({ ...record, release: () => void released.push(record.offset) }));
  };
  const policy = { initialMs: 1, multiplier: 1, maxMs: 1, randomization: 0 };
  const exporter = { deliver, timeoutMs: 0, retry: policy, close: async () => {} };
  const commit = (claim: Claim): Claim["commit"] => {
    return async (offset, state) => {
      if (disk.full) throw new Fault("disk_full", "no room");
      await claim.commit(offset, state);
    };
  };
  const join = () =>
    broker.join(
      GROUP,
      async (claim) => {
        const fenced: Claim = { ...claim, commit: commit(claim), read: lending(claim) };
        await runExporterClaim(fenced, claim.revoked, {
          group: GROUP.group,
          signal: "traces",
          pipeline: "traces",
          component: "out",
          chain: chain(exporter, { accumulation, clock, random: () => 0.5, log: silentLog }),
          readBytes,
          broker,
          clock,
          log: silentLog,
          hurry: hurry.signal,
          lastCall: new AbortController().signal,
          opened: () => {},
        });
      },
      (fault) => failures.push(fault),
    );
  let next = 0;
  const produce = async (records: number) => {
    for (let n = 0; n < records; n++, next++) {
      const headers = enrichedHeaders({ tenant: "t", items: 1, origin: `0:${next}:0/1`, at: 1 });
      await broker.append(TOPIC, 0, [{ headers, value: namedSpans(["a"]) }]);
    }
  };
  return { clock, broker, disk, sent, failures, hurry, join, produce, released, lets };
}

test("nothing is sent that no durable commit has announced, and a full disk is waited for", async () => {
  const { clock, broker, disk, sent, failures, join, produce } = await set();
  await produce(10);
  const member = await join();
  await settled();
  expect(sent).toHaveLength(10);
  disk.full = true;
  await produce(3_000);
  // Every beat wants to announce more, and none can.
  await clock.advance(5_000);
  const announced = (await loadTotals(broker.state, GROUP.group, 0))?.sentBelow ?? 0;
  expect(sent).toHaveLength(announced);
  disk.full = false;
  await clock.advance(5_000);
  expect(sent).toHaveLength(3_010);
  expect(new Set(sent).size).toBe(3_010);
  expect(failures).toEqual([]);
  await member.leave();
});

test("a record behind a gap is announced itself, not only its neighbours below the gap", async () => {
  const { broker, sent, join, produce } = await set();
  const member = await join();
  await produce(1);
  await settled();
  await member.leave();
  await produce(5_000);
  broker.trim(TOPIC, 0, 5_000);
  await join();
  await settled();
  expect(sent).toEqual(["0:0:0/1", "0:5000:0/1"]);
  expect((await loadTotals(broker.state, GROUP.group, 0))?.sentBelow).toBeGreaterThan(5_000);
});

test("a topic that was recreated is read from its beginning, but for what was settled before", async () => {
  const { broker, sent, failures, join, produce } = await set();
  await produce(3);
  const totals = encodeTotals({ offset: 9, origin: { offset: 1, part: 0, at: 1 }, rows: {} });
  await broker.state.put([{ key: totalsKey(GROUP.group, 0), value: totals }]);
  const member = await join();
  await settled();
  expect([sent, failures]).toEqual([["0:2:0/1"], []]);
  await member.leave();
});

test("does not wait for company when it can hold no more, however long it might", async () => {
  const { clock, sent, join, produce } = await set({
    readBytes: 64 << 10,
    accumulation: { minItems: 10_000, maxItems: 0, maxBytes: 1 << 20, waitMs: 3_600_000 },
  });
  await produce(1_000);
  const member = await join();
  await clock.advance(1_000);
  expect(sent.length).toBeGreaterThan(900);
  expect(sent.length).toBeLessThan(1_000);
  await member.leave();
});

test("in a hurry, what waits for company goes out, and nothing listens to the worker's haste after the end", async () => {
  const { sent, hurry, join, produce } = await set({
    accumulation: { minItems: 10_000, maxItems: 0, maxBytes: 1 << 20, waitMs: 3_600_000 },
  });
  await produce(3);
  const first = await join();
  await settled();
  expect(sent).toEqual([]);
  await first.leave();
  expect(getEventListeners(hurry.signal, "abort")).toHaveLength(0);
  const second = await join();
  await settled();
  hurry.abort();
  await settled();
  expect(sent).toHaveLength(3);
  await second.leave();
});

test("a record is released when its exporter has let go of the body, and only then", async () => {
  const { sent, join, produce, released, lets } = await set();
  await produce(1);
  const member = await join();
  await settled();
  lets.go = true;
  await produce(2);
  await settled();
  expect(sent).toHaveLength(3);
  expect(released).toEqual([1, 2]);
  await member.leave();
});
