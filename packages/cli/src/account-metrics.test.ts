import type { Claim } from "@rondo/broker";
import { createRegistry } from "@rondo/monitor";
import { FakeClock, memoryBroker } from "@rondo/testkit";
import { Backlog, Ledger, NO_ITEMS } from "@rondo/worker";
import { expect, test } from "vitest";
import { observeAccount } from "./account-metrics.ts";

const LABELS = { signal: "logs", tenant: "site-7", pipeline: "logs" };

/** A ledger with a pipeline and an exporter whose rows the test sets, over a topic of which nothing is committed. */
async function openLedger(rows: Readonly<Record<string, object>>) {
  const broker = memoryBroker();
  await broker.ensureTopics([{ name: "t" }]);
  const ledger = new Ledger(broker);
  for (const [component, row] of Object.entries(rows)) {
    const group = `g.${component}`;
    await broker.registerGroup({ group, topic: "t" });
    ledger.group({ group, topic: "t", signal: "logs", pipeline: "logs", component });
    const account = { live: () => new Map([["site-7", { ...NO_ITEMS, inFlight: 0, ...row }]]), next: 0, unsettled: 0 };
    // A ledger reads three things of an account and two of a claim; these are they.
    ledger.opened(group, { partition: 0 } as Claim, account as unknown as Parameters<Ledger["opened"]>[2]);
  }
  return { broker, ledger };
}

/** The value of one series on the page, with exactly these labels; undefined when it is not there. */
function shown(registry: ReturnType<typeof createRegistry>, name: string, labels: Readonly<Record<string, string>>) {
  const same = (found: ReadonlyMap<string, string>) =>
    found.size === Object.keys(labels).length &&
    Object.entries(labels).every(([key, value]) => found.get(key) === value);
  return registry.snapshot().find((sample) => sample.name === name && same(sample.labels))?.value;
}

test("a pipeline's row and an exporter's show what each of them counts, and nothing else", async () => {
  const { ledger } = await openLedger({
    "": { entered: 9, created: 1, forwarded: 7, inFlight: 1, dropped: { "attributes/pii/invalid_item": 2 } },
    "otlp/tempo": {
      entered: 7,
      delivered: 4,
      redelivered: 3,
      deadLettered: 1,
      dropped: { "otlp/tempo/backend_rejected": 2 },
    },
  });
  const registry = createRegistry();
  observeAccount(registry, ledger, { of: async () => [] }, () => 0);
  const of = (component: string) => (name: string) => shown(registry, `rondo_items_${name}`, { ...LABELS, component });
  expect(["entered_total", "created_total", "forwarded_total", "in_flight", "delivered_total"].map(of(""))).toEqual([
    9,
    1,
    7,
    1,
    undefined,
  ]);
  const columns = ["entered_total", "delivered_total", "redelivered_total", "dead_lettered_total", "forwarded_total"];
  expect(columns.map(of("otlp/tempo"))).toEqual([7, 4, 3, 1, undefined]);
  const dropped = (component: string, reason: string) =>
    shown(registry, "rondo_items_dropped_total", { ...LABELS, component, reason });
  // A component's id may hold slashes, a reason never does.
  expect(dropped("attributes/pii", "invalid_item")).toBe(2);
  expect(dropped("otlp/tempo", "backend_rejected")).toBe(2);
});

test("the lag is asked for before a page, at most four times a second", async () => {
  const { broker, ledger } = await openLedger({ "": {} });
  const registry = createRegistry();
  const clock = new FakeClock();
  const backlog = new Backlog({ broker, clock, counts: true });
  const refresh = observeAccount(registry, ledger, backlog, () => clock.monotonic());
  const lag = () => shown(registry, "rondo_log_lag_records", { signal: "logs", pipeline: "logs", component: "" });
  const grow = () => broker.append("t", 0, [{ headers: {}, value: new Uint8Array(1) }]);
  expect(lag()).toBeUndefined();
  await grow();
  await refresh();
  expect(lag()).toBe(1);
  await grow();
  await clock.advance(249);
  await refresh();
  expect(lag()).toBe(1);
  await clock.advance(1);
  await refresh();
  expect(lag()).toBe(2);
});

test("what a group is behind is shown in records, items and seconds, by partition as well", async () => {
  const clock = new FakeClock();
  const broker = memoryBroker({ clock, partitions: 2 });
  await broker.ensureTopics([{ name: "t" }]);
  await broker.registerGroup({ group: "g", topic: "t" });
  const ledger = new Ledger(broker);
  ledger.group({ group: "g", topic: "t", signal: "logs", pipeline: "logs", component: "loki" });
  const record = (items: number) => ({ headers: { items: `${items}` }, value: new Uint8Array(1) });
  await broker.append("t", 1, [record(40), record(2)]);
  await clock.advance(30_000);
  const registry = createRegistry();
  await observeAccount(registry, ledger, new Backlog({ broker, clock, counts: true }), () => clock.monotonic())();
  const place = { signal: "logs", pipeline: "logs", component: "loki" };
  expect(shown(registry, "rondo_log_lag_items", { ...place, exact: "true" })).toBe(42);
  expect(shown(registry, "rondo_log_lag_seconds", place)).toBe(30);
  expect(shown(registry, "rondo_log_partition_lag_records", { ...place, partition: "0" })).toBe(0);
  expect(shown(registry, "rondo_log_partition_lag_records", { ...place, partition: "1" })).toBe(2);
  expect(shown(registry, "rondo_log_partition_lag_seconds", { ...place, partition: "1" })).toBe(30);
});
