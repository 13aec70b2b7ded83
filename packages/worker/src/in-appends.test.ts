import { Fault, silentLog } from "@rondo/core";
import { FakeClock, memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { appendInTurn, inAppends } from "./in-appends.ts";

const record = (bytes: number) => ({ headers: {}, value: new Uint8Array(bytes) });

test("appends are as large as they may be, and a record that is larger goes alone", () => {
  const sizes = (bytes: readonly number[]) => inAppends(bytes.map(record), 1_000).map((some) => some.length);
  expect(sizes([400, 400, 400, 2_000, 10])).toEqual([2, 1, 1, 1]);
  expect(sizes([])).toEqual([]);
});

test("what the log does not take now is taken later, in order, unless the claim ends", async () => {
  const clock = new FakeClock();
  const broker = memoryBroker({ clock, maxRecordBytes: 1_000 });
  await broker.ensureTopics([{ name: "t" }]);
  let full = true;
  broker.beforeAppend = async () => {
    if (full) throw new Fault("disk_full", "no room");
  };
  const claim = { append: broker.append, partition: 0 };
  const ended = new AbortController();
  const options = { broker, clock, log: silentLog };
  const waiting = appendInTurn(claim, "t", [800, 700, 600].map(record), ended.signal, options);
  await clock.advance(5_000);
  expect(broker.records("t")).toEqual([]);
  full = false;
  await clock.advance(1_000);
  expect(await waiting).toBe(true);
  expect(broker.records("t").map(({ value }) => value.length)).toEqual([800, 700, 600]);
  full = true;
  const given = appendInTurn(claim, "t", [record(1)], ended.signal, options);
  ended.abort();
  await clock.advance(1_000);
  expect(await given).toBe(false);
});
