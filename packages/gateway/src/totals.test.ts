import { Fault, silentLog } from "@rondo/core";
import { FakeClock, memoryBroker } from "@rondo/testkit";
import { expect, test } from "vitest";
import { openTotals, readTotals } from "./totals.ts";

const account = { receiver: "otlp/site", signal: "traces", tenant: "hospital/7" } as const;

test("totals are written once a second while they change, and go on where they were", async () => {
  const { state } = memoryBroker();
  const clock = new FakeClock();
  const first = await openTotals(state, "gw 1", { clock, log: silentLog });
  first.add(account, 5, 0);
  first.add(account, 2, 3);
  expect(await state.list("gateway/")).toEqual([]);
  await clock.advance(1_000);
  expect((await state.list("gateway/")).map(([key]) => key)).toEqual([
    "gateway/gw_201/otlp_2Fsite/traces/hospital_2F7",
  ]);
  expect(clock.pending).toBe(0);
  const second = await openTotals(state, "gw 1", { clock, log: silentLog });
  expect(second.all()).toEqual([{ ...account, accepted: 7, refused: 3 }]);
  second.add(account, 1, 0);
  await second.save();
  expect((await openTotals(state, "gw 1", { clock, log: silentLog })).all()).toMatchObject([{ accepted: 8 }]);
});

test("instances do not see each other's totals", async () => {
  const { state } = memoryBroker();
  const options = { clock: new FakeClock(), log: silentLog };
  const one = await openTotals(state, "gw", options);
  one.add(account, 5, 0);
  await one.save();
  expect((await openTotals(state, "gw-2", options)).all()).toEqual([]);
});

test("nothing of a request but its account is written down", async () => {
  const { state } = memoryBroker();
  const totals = await openTotals(state, "gw", { clock: new FakeClock(), log: silentLog });
  const sender = { ...account, meta: { authorization: ["a secret"] } };
  totals.add(sender, 1, 0);
  await totals.save();
  const [[, value] = []] = await state.list("gateway/");
  expect(Object.keys(JSON.parse(Buffer.from(value ?? []).toString()))).toEqual([
    ...["receiver", "signal", "tenant", "accepted", "refused"],
  ]);
});

test("a store that fails is told once, and once that it is over, and loses nothing", async () => {
  const { state } = memoryBroker();
  const clock = new FakeClock();
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  const log = { ...silentLog, warn: say, info: say };
  let failing = true;
  const put: typeof state.put = (writes) =>
    failing ? Promise.reject(new Fault("disk_full", "no room")) : state.put(writes);
  const totals = await openTotals({ ...state, put }, "gw", { clock, log });
  totals.add(account, 5, 0);
  await clock.advance(1_000);
  totals.add(account, 0, 0);
  await clock.advance(1_000);
  expect(lines).toEqual(["the gateway's totals cannot be saved now"]);
  await expect(totals.save()).rejects.toMatchObject({ code: "disk_full" });
  failing = false;
  totals.add(account, 1, 0);
  await clock.advance(1_000);
  expect(lines.slice(1)).toEqual(["the gateway's totals are saved again"]);
  expect((await openTotals(state, "gw", { clock, log })).all()).toMatchObject([{ accepted: 6 }]);
});

test("what is not a total is corrupt", async () => {
  const { state } = memoryBroker();
  await state.put([{ key: "gateway/gw/otlp/traces/default", value: Buffer.from("{}") }]);
  await expect(openTotals(state, "gw", { clock: new FakeClock(), log: silentLog })).rejects.toMatchObject({
    code: "corrupt",
  });
});

test("what was refused is kept by reason, and every instance's counts can be read", async () => {
  const { state } = memoryBroker();
  const options = { clock: new FakeClock(), log: silentLog };
  const one = await openTotals(state, "gw/1", options);
  one.add(account, 1, 5, { throttled: 3, invalid_name: 2 });
  one.add(account, 0, 1, { throttled: 1 });
  await one.save();
  const two = await openTotals(state, "gw 2", options);
  two.add(account, 4, 0);
  await two.save();
  expect(await readTotals(state)).toEqual([
    { instance: "gw 2", ...account, accepted: 4, refused: 0 },
    { instance: "gw/1", ...account, accepted: 1, refused: 6, reasons: { throttled: 4, invalid_name: 2 } },
  ]);
  expect((await openTotals(state, "gw/1", options)).all()[0]?.reasons).toEqual({ throttled: 4, invalid_name: 2 });
});
