import { RAW_TOPICS, readRawHeaders } from "@rondo/broker";
import { defineProcessor, type Fault, META_BYTES, type MetadataNeed } from "@rondo/core";
import { SIGNALS } from "@rondo/otlp";
import { FakeClock, type MemoryBroker } from "@rondo/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type MetadataRefusal, metadataKeeper } from "./client-metadata.ts";
import { exportLogs, postLogs, type Saying, type Told } from "./clients.cases.ts";
import { noMetrics } from "./metrics.ts";
import { durableNames, namesIn, request, rig } from "./rig.cases.ts";

function keeper(keys: readonly string[], combinations = 1000) {
  const clock = new FakeClock();
  const refusals: MetadataRefusal[] = [];
  const { keep } = metadataKeeper({ keys, combinations }, { clock, refused: (reason) => void refusals.push(reason) });
  return { keep, clock, refusals };
}

test("keeps the configured keys alone, whatever their case, and every value in its order", () => {
  const { keep } = keeper(["x-site", "x-tenant"]);
  const headers = ["X-Tenant", "a", "Authorization", "Bearer s3cret", "X-SITE", "n", "x-site", "s, t"];
  expect(keep("t", headers)).toEqual({ "x-site": ["n", "s, t"], "x-tenant": ["a"] });
  expect(keep("t", ["authorization", "Bearer s3cret"])).toBeUndefined();
  expect(keep("t", ["x-site", ""])).toEqual({ "x-site": [""] });
});

test("equal metadata is one object, in whatever order its headers came", () => {
  const { keep } = keeper(["a", "b"]);
  expect(keep("t", ["b", "2", "a", "1"])).toBe(keep("t", ["a", "1", "x", "y", "b", "2"]));
});

test("values are read as UTF-8 where they are any", () => {
  const { keep } = keeper(["x"]);
  const utf8 = Buffer.from("hôpital").toString("latin1");
  expect(keep("t", ["x", utf8])).toEqual({ x: ["hôpital"] });
  expect(keep("t", ["x", "h\xf4pital"])).toEqual({ x: ["hôpital"] });
});

test("more than a record may carry is refused for good, and counted", () => {
  const { keep, refusals } = keeper(["x"]);
  const most = META_BYTES - JSON.stringify({ x: [""] }).length;
  expect(keep("t", ["x", "v".repeat(most)])).toEqual({ x: ["v".repeat(most)] });
  expect((keep("t", ["x", "v".repeat(most + 1)]) as Fault).code).toBe("too_large");
  expect((keep("t", ["x", "v".repeat(9_000)]) as Fault).message).not.toContain("vvv");
  expect(refusals).toEqual(["too_large", "too_large"]);
});

test("above the bound a new combination is refused for now, old ones go on, and idle ones make room", async () => {
  const { keep, clock, refusals } = keeper(["x"], 2);
  const took = (tenant: string, value: string) => keep(tenant, ["x", value]);
  expect([took("t", "1"), took("t", "2")]).toEqual([{ x: ["1"] }, { x: ["2"] }]);
  const fault = took("t", "3") as Fault;
  expect([fault.code, fault.message]).toEqual([
    "throttled",
    expect.stringMatching(/2 combinations of x .*metadata_card/),
  ]);
  // Another tenant has places of its own.
  expect(took("u", "3")).toEqual({ x: ["3"] });
  await clock.advance(4 * 60_000);
  expect(took("t", "1")).toEqual({ x: ["1"] });
  await clock.advance(60_000);
  expect(took("t", "3")).toEqual({ x: ["3"] });
  expect((took("t", "2") as Fault).code).toBe("throttled");
  expect(took("t", "1")).toEqual({ x: ["1"] });
  expect(refusals).toEqual(["too_many_combinations", "too_many_combinations"]);
});

test("a bound of 0 is none, and nothing is remembered", () => {
  const { keep } = keeper(["x"], 0);
  for (let n = 0; n < 3_000; n++) expect(keep("t", ["x", String(n)])).toEqual({ x: [String(n)] });
});

test("no header that was not asked for is ever kept", () => {
  const name = fc.constantFrom("x-a", "X-A", "x-b", "authorization", "cookie", "__proto__", "constructor");
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string())), fc.subarray(["x-a", "x-b", "constructor"]), (pairs, keys) => {
      const kept = keeper(keys).keep("t", pairs.flat());
      const wanted = pairs.filter(([key]) => keys.includes(key.toLowerCase()));
      const values = kept === undefined ? [] : Object.entries(kept as Record<string, string[]>);
      expect(values.map(([key]) => key)).toEqual(
        keys.filter((key) => wanted.some(([one]) => one.toLowerCase() === key)),
      );
      expect(values.flatMap(([, one]) => one)).toHaveLength(wanted.length);
    }),
  );
});

/** A processor that reads these. */
function reading(need: MetadataNeed) {
  const type = defineProcessor({
    ...{ type: "reading", summary: "", signals: SIGNALS, state: "none", drops: [], fields: {} },
    metadata: () => need,
    create: () => ({ process: ({ items, body }) => ({ parts: [{ items, body }] }) }),
  });
  return { id: "reading", type, values: {} };
}

/** The metadata of every record in the log of logs, with the names of its items. */
function kept(broker: MemoryBroker) {
  const foreign = { tenant: "", via: "", count: () => 0 };
  return broker
    .records(RAW_TOPICS.logs)
    .map((record) => [readRawHeaders(record, foreign).meta, namesIn("logs", record.value)]);
}

const BOTH = ["http", "grpc"] as const;
type Transport = (typeof BOTH)[number];

function send(at: { http: number; grpc: number }, over: Transport, name: string, saying: Saying): Promise<Told> {
  return over === "http"
    ? postLogs(at.http, request("logs", [name]), saying)
    : exportLogs(at.grpc, request("logs", [name]), saying);
}

test.each(BOTH)(
  "over %s: what is asked for goes into the log, and requests that differ in it never share a record",
  async (over) => {
    const processors = [reading({ keys: ["x-tenant"], sent: true })];
    await using it = await rig({ [over]: { include_metadata: true }, processors, lingerMs: 200 });
    const from = (name: string, tenant: string) =>
      send(it, over, name, { headers: { "X-Tenant": tenant, authorization: "Bearer s3cret" } });
    const told = await Promise.all([from("1", "a"), from("2", "b"), from("3", "a"), send(it, over, "4", {})]);
    expect(told.map(({ status }) => status)).toEqual(Array(4).fill(over === "http" ? 200 : 0));
    const records = kept(it.broker);
    expect(records).toHaveLength(3);
    const byTenant = new Map(records.map(([meta, names]) => [JSON.stringify(meta), [...(names as string[])].sort()]));
    expect(byTenant).toEqual(
      new Map([
        ['{"x-tenant":["a"]}', ["1", "3"]],
        ['{"x-tenant":["b"]}', ["2"]],
        [undefined, ["4"]],
      ]),
    );
    const written = it.broker.records(RAW_TOPICS.logs).map(({ headers }) => JSON.stringify(headers));
    expect(written.join()).not.toMatch(/s3cret|authorization/i);
  },
);

test.each(BOTH)("over %s: nothing is kept unless the receiver is told to", async (over) => {
  await using it = await rig({ processors: [reading({ keys: ["x-tenant"], sent: true })] });
  await send(it, over, "1", { headers: { "x-tenant": "a" } });
  expect(kept(it.broker)).toEqual([[undefined, ["1"]]]);
});

test.each(BOTH)("over %s: too many combinations are refused with a wait, too large ones for good", async (over) => {
  const reasons: string[] = [];
  const metrics = { ...noMetrics, metadataRefused: (_: string, reason: string) => void reasons.push(reason) };
  const processors = [reading({ keys: ["x-tenant"], sent: true, combinations: 1 })];
  await using it = await rig({ [over]: { include_metadata: true }, processors, metrics });
  const from = (name: string, tenant: string) => send(it, over, name, { headers: { "x-tenant": tenant } });
  const [ok, throttled, large] = over === "http" ? [200, 429, 413] : [0, 8, 8];
  expect((await from("1", "a")).status).toBe(ok);
  const refused = await from("2", "b");
  expect(refused.status).toBe(throttled);
  if (over === "http") expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  else expect(refused.headers["grpc-status-details-bin"]).toBeDefined();
  const never = await from("3", "c".repeat(5_000));
  expect(never.status).toBe(large);
  expect(never.headers["retry-after"]).toBeUndefined();
  expect((await from("4", "a")).status).toBe(ok);
  expect(durableNames(it.broker, "logs")).toEqual(["1", "4"]);
  expect(reasons).toEqual(["too_many_combinations", "too_large"]);
});

test("on a shared port each protocol keeps what its own flag says", async () => {
  const processors = [reading({ keys: ["x-tenant"], sent: true })];
  await using it = await rig({ grpc: { include_metadata: true }, isShared: true, processors });
  for (const over of BOTH) await send(it, over, over, { headers: { "x-tenant": "a" } });
  expect(kept(it.broker)).toEqual([
    [undefined, ["http"]],
    [{ "x-tenant": ["a"] }, ["grpc"]],
  ]);
});
