import type { TenantLimits } from "@rondo/config";
import { Fault, silentLog, systemClock } from "@rondo/core";
import { requestFromJson } from "@rondo/otlp/json";
import { FakeClock, memoryBroker, settled } from "@rondo/testkit";
import { expect, onTestFinished, test } from "vitest";
import { admission } from "./admission.ts";
import { BATCH_LIMITS, batcher } from "./batcher.ts";
import { DEADLINE_MS, type IntakeSurroundings, intake } from "./intake.ts";
import { type OffLoop, offLoop } from "./off-loop.ts";
import { durableNames, request } from "./rig.cases.ts";
import { tenantRates, UNLIMITED } from "./tenant-rates.ts";

const account = { receiver: "otlp", signal: "logs", tenant: "default" } as const;

async function made(changes: Partial<IntakeSurroundings> = {}, limits: TenantLimits = UNLIMITED) {
  const clock = new FakeClock();
  const broker = memoryBroker({ partitions: 8 });
  await broker.ensureTopics([{ name: "otlp_logs" }]);
  const credits = admission(1 << 20, clock, { weightOf: () => 1, rates: tenantRates(() => limits, clock) });
  const counts: [accepted: number, refused: number][] = [];
  const thread = offLoop({ clock, log: silentLog });
  onTestFinished(() => thread.close());
  const it = intake({
    admission: credits,
    batcher: batcher(broker.append, clock, { ...BATCH_LIMITS, lingerMs: 10 }),
    thread,
    partitionsOf: () => 8,
    clock,
    random: () => 0.5,
    log: silentLog,
    isDeep: () => false,
    count: (_, accepted, refused) => void counts.push([accepted, refused]),
    ...changes,
  });
  const take = (body: Buffer) => {
    const permit = credits.take(body.length, account.tenant);
    if (permit === undefined) throw new Error("no credits");
    return it.take(account, body, permit);
  };
  return { clock, broker, credits, counts, it, take };
}

/** A request whose services fall on several partitions. */
const spread = () =>
  Buffer.concat(["a", "b", "c", "d", "e", "f"].map((name) => request("logs", [name], `svc-${name}`)));

test("a request over several partitions is accepted when all of them are durable", async () => {
  const { broker, clock, credits, counts, take } = await made();
  const answer = take(spread());
  await clock.advance(10);
  expect(await answer).toEqual({ kind: "accepted", items: 6, rejected: 0, message: "" });
  expect(durableNames(broker, "logs").sort()).toEqual(["a", "b", "c", "d", "e", "f"]);
  expect(counts).toEqual([[6, 0]]);
  expect(credits.inUse).toBe(0);
  expect(clock.pending).toBe(0);
});

test("one partition that fails refuses the whole request, for now", async () => {
  const { broker, clock, credits, counts, take } = await made();
  let appends = 0;
  broker.beforeAppend = () => {
    appends += 1;
    if (appends === 2) throw new Fault("disk_full", "no room");
  };
  const answer = take(spread());
  await clock.advance(10);
  expect(await answer).toMatchObject({ kind: "refused", fault: { code: "disk_full" }, afterMs: 1_100 });
  expect(counts).toEqual([[0, 6]]);
  await settled();
  expect(credits.inUse).toBe(0);
});

test("a log that does not answer is given up at the deadline; the credits stay until it lets the bytes go", async () => {
  const { broker, clock, credits, take } = await made();
  const held = Promise.withResolvers<void>();
  broker.beforeAppend = () => held.promise;
  const stuck = take(request("logs", ["a"]));
  await clock.advance(100);
  const behind = take(request("logs", ["b"]));
  await clock.advance(DEADLINE_MS);
  expect(await stuck).toMatchObject({ kind: "refused", fault: { code: "unavailable" } });
  expect(await behind).toMatchObject({ kind: "refused", fault: { code: "unavailable" } });
  // What had not begun was taken back, and will not be written behind its client's back.
  expect(credits.inUse).toBe(request("logs", ["a"]).length);
  held.resolve();
  await clock.advance(100);
  expect(credits.inUse).toBe(0);
  expect(durableNames(broker, "logs")).toEqual(["a"]);
});

test("a request that cannot be read is final and holds nothing", async () => {
  const { credits, take } = await made();
  expect(await take(Buffer.from([0, 1]))).toMatchObject({ kind: "refused", fault: { code: "invalid" } });
  expect(credits.inUse).toBe(0);
});

test("a request that no account could ever hold is too large, not busy", async () => {
  const { it, credits } = await made();
  expect(it.overloaded((1 << 20) + 1, "default").fault.code).toBe("too_large");
  credits.take(1 << 20, "default");
  expect(it.overloaded(5, "default")).toMatchObject({ fault: { code: "unavailable" }, afterMs: 1_100 });
});

test("attributes around the items cannot make a request grow when it is cut", async () => {
  const { take, broker } = await made();
  const names = Array.from({ length: 5_000 }, (_, i) => `${i}`.padStart(60));
  const swollen = request("logs", names, "x".repeat(600 << 10));
  expect(await take(swollen)).toMatchObject({ kind: "refused", fault: { code: "too_large" } });
  expect(broker.records("otlp_logs")).toEqual([]);
});

test("a request that grew out of next to nothing is cut off the loop, whatever its size", async () => {
  const thread = offLoop({ clock: systemClock, log: silentLog });
  onTestFinished(() => thread.close());
  const ran: string[] = [];
  const run: OffLoop["run"] = (name, ...rest) => {
    ran.push(name);
    return thread.run(name, ...rest);
  };
  const { it, credits } = await made({ thread: { run } });
  const taken = async (sentBytes: number) => {
    const permit = credits.take(1, account.tenant);
    // Large enough for a record of its own, so that it waits for no other.
    const body = request("logs", ["a".repeat(300 << 10)]);
    return permit && (await it.take(account, body, permit, undefined, sentBytes));
  };
  expect(await taken(30 << 10)).toMatchObject({ kind: "accepted" });
  expect(ran).toEqual([]);
  expect(await taken(100)).toMatchObject({ kind: "accepted" });
  expect(ran).toEqual(["cutRequest"]);
});

test("a receiver that validates in full refuses what no backend can use, and takes the rest", async () => {
  const text = JSON.stringify({
    resourceLogs: [
      { scopeLogs: [{ logRecords: [{ body: { stringValue: "fine" } }, { body: { stringValue: "~~" } }] }] },
    ],
  });
  const body = Buffer.from(requestFromJson("logs", Buffer.from(text)));
  // No JSON can hold text that is not UTF-8.
  body.fill(0xff, body.indexOf("~~"), body.indexOf("~~") + 2);
  const shallow = await made();
  const taken = shallow.take(Buffer.from(body));
  await shallow.clock.advance(10);
  expect(await taken).toMatchObject({ kind: "accepted", items: 2, rejected: 0 });
  const { clock, counts, take } = await made({ isDeep: (receiver) => receiver === account.receiver });
  const answer = take(body);
  await clock.advance(10);
  expect(await answer).toEqual({
    kind: "accepted",
    items: 1,
    rejected: 1,
    message:
      "invalid_text: 1 of 2 log records, the first at resourceLogs[0].scopeLogs[0].logRecords[1].body.stringValue; text must be UTF-8",
  });
  expect(counts).toEqual([[1, 1]]);
});

test("a tenant over its rate is throttled before its bytes are read, and told when to come back", async () => {
  const { clock, credits, it, take } = await made({}, { ...UNLIMITED, itemsPerSecond: 2, burstMs: 1_000 });
  const first = take(spread());
  await clock.advance(10);
  expect(await first).toMatchObject({ kind: "accepted", items: 6 });
  expect(credits.take(5, "default")).toBeUndefined();
  // Four items too many at two a second, and one more for the next request; half of a fifth more against herds.
  const refused = it.overloaded(5, "default");
  expect(refused).toMatchObject({ kind: "refused", fault: { code: "throttled" } });
  expect(refused.afterMs).toBeCloseTo(2_490 * 1.1);
  await clock.advance(2_500);
  expect(credits.take(5, "default")).toBeDefined();
});

test("of requests that were let in together, only those within the rate go on", async () => {
  const { clock, counts, credits, it } = await made({}, { ...UNLIMITED, itemsPerSecond: 10 });
  const permits = [1, 2, 3].map(() => credits.take(spread().length, account.tenant));
  const answers = Promise.all(
    permits.map((permit) => {
      if (permit === undefined) throw new Error("no credits");
      return it.take(account, spread(), permit);
    }),
  );
  await clock.advance(10);
  expect((await answers).map(({ kind }) => kind)).toEqual(["accepted", "accepted", "refused"]);
  expect(counts.toSorted(([a], [b]) => a - b)).toEqual([
    [0, 6],
    [6, 0],
    [6, 0],
  ]);
});

test("what the log refuses costs a tenant nothing of its rate", async () => {
  const { broker, clock, take } = await made({}, { ...UNLIMITED, itemsPerSecond: 6 });
  broker.beforeAppend = () => {
    throw new Fault("disk_full", "no room");
  };
  const failed = take(spread());
  await clock.advance(10);
  expect(await failed).toMatchObject({ kind: "refused", fault: { code: "disk_full" } });
  broker.beforeAppend = undefined;
  const repeated = take(spread());
  await clock.advance(10);
  expect(await repeated).toMatchObject({ kind: "accepted" });
});
