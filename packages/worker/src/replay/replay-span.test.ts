import { enrichedHeaders } from "@rondo/broker";
import { type Batch, Fault, retry, SETTLED, silentLog, systemClock, type Verdict } from "@rondo/core";
import { memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { SpanReplay } from "./replay-span.ts";

const span = { from: 0, to: 1_000_000 };

async function log(records = 20) {
  const broker = memoryBroker({ partitions: 2 });
  await broker.ensureTopics([{ name: "t" }]);
  for (let raw = 0; raw < records; raw++) {
    const headers = enrichedHeaders({
      tenant: raw % 2 ? "a" : "b",
      items: 3,
      origin: `${raw % 2}:${raw}:0/1`,
      at: raw * 1_000,
    });
    await broker.append("t", raw % 2, [{ headers, value: Buffer.alloc(1_000) }]);
  }
  return broker;
}

type Log = Awaited<ReturnType<typeof log>>;

function replay(broker: Log, deliver: (batch: Batch, abort: AbortSignal) => Promise<Verdict>, settings = {}) {
  const stop = new AbortController();
  const giveUp = new AbortController();
  const made = new SpanReplay({
    ...{ broker, topic: "t", signal: "logs", span, group: "rondo.logs.loki.replay.r1", component: "loki" },
    chain: () => deliver,
    ...{ state: broker.state, readBytes: 1 << 20, clock: systemClock, log: silentLog },
    ...{ stop: stop.signal, giveUp: giveUp.signal },
    ...settings,
  });
  return { made, stop, giveUp };
}

const originOf = ({ sources = [] }: Batch) => sources[0]?.origin ?? "";

test("sends everything oldest first, counts what became of it, and leaves nothing behind", async () => {
  const broker = await log();
  const sent: string[] = [];
  const { made } = replay(broker, async (batch) => {
    sent.push(originOf(batch));
    return originOf(batch) === "0:4:0/1"
      ? { kind: "settled", drops: [{ reason: "backend_rejected", items: 2 }] }
      : SETTLED;
  });
  const { row, records, isDone, at } = await made.run();
  expect(sent).toEqual(Array.from({ length: 20 }, (_, raw) => `${raw % 2}:${raw}:0/1`));
  expect({ records, isDone, at }).toEqual({ records: 20, isDone: true, at: 19_000 });
  expect(row).toMatchObject({ entered: 60, delivered: 58, dropped: { "loki/backend_rejected": 2 } });
  expect(await broker.state.list("replays/")).toHaveLength(2);
  await made.forget();
  expect(await broker.state.list("")).toEqual([]);
  expect(await broker.groups()).toEqual([]);
});

test("one that is stopped goes on where it was, and its account with it", async () => {
  const broker = await log();
  const sent: string[] = [];
  const first = replay(
    broker,
    async (batch) => {
      sent.push(originOf(batch));
      if (sent.length === 8) first.stop.abort();
      return SETTLED;
    },
    { readBytes: 8_000 },
  );
  const stopped = await first.made.run();
  expect(stopped.isDone).toBe(false);
  expect(sent.length).toBeLessThan(14);
  const second = replay(broker, async (batch) => {
    sent.push(originOf(batch));
    return SETTLED;
  });
  const { row, isDone } = await second.made.run();
  expect(isDone).toBe(true);
  expect(new Set(sent).size).toBe(20);
  expect(sent).toHaveLength(20);
  expect(row).toMatchObject({ entered: 60, delivered: 60 });
});

test("what is in hand when it gives up is sent again by who goes on", async () => {
  const broker = await log(6);
  const first = replay(broker, (_batch, abort) => {
    first.stop.abort();
    first.giveUp.abort();
    return abort.aborted ? Promise.resolve(retry(new Fault("aborted", "gave up"))) : new Promise(() => undefined);
  });
  expect(await first.made.run()).toMatchObject({ isDone: false, row: { entered: 0 } });
  const second = replay(broker, async () => SETTLED);
  expect(await second.made.run()).toMatchObject({ isDone: true, row: { entered: 18, delivered: 18 } });
});

test("an exporter that breaks ends it, with what was settled kept", async () => {
  const broker = await log();
  const { made } = replay(broker, async (batch) => {
    if (originOf(batch) === "1:5:0/1") throw new Fault("bug", "broken");
    return SETTLED;
  });
  await expect(made.run()).rejects.toThrow("broken");
  expect(made.status.row.delivered).toBeGreaterThan(0);
});

test("no more is in hand than what it may read", async () => {
  const broker = await log(40);
  let open = 0;
  let most = 0;
  const { made } = replay(
    broker,
    async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
      return SETTLED;
    },
    { readBytes: 16_000 },
  );
  expect((await made.run()).isDone).toBe(true);
  expect(most).toBeLessThanOrEqual(5);
});
