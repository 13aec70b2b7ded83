import { silentLog } from "@rondo/core";
import { createRegistry, Readiness, servePages } from "@rondo/monitor";
import { FakeClock } from "@rondo/testkit";
import { localLeases } from "@rondo/windows";
import { expect, test } from "vitest";
import { oneRule, TestWindows, testState, workerOptions } from "./alerts.cases.ts";
import { readRuleFile } from "./rule-file.ts";
import { startAlerts } from "./run.ts";

const MINUTE = 60_000;

function manyGroups(count: number) {
  const groups = Array.from(
    { length: count },
    (_, index) => `{name: g${index}, rules: [{alert: A${index}, expr: 'up == 0'}]}`,
  );
  return readRuleFile("r.yml", `groups: [${groups.join(", ")}]`).groups;
}

test("groups spread over the replicas, and are all evaluated after one of them is gone", async () => {
  const clock = new FakeClock();
  const state = testState(clock);
  const leases = localLeases(clock);
  const windows = new TestWindows(clock);
  windows.set({ __name__: "up" }, 0);
  const groups = manyGroups(20);
  const start = async (instance: string) => {
    const registry = createRegistry();
    const tenants = [{ tenant: "t", groups, windows }];
    const worker = await startAlerts(workerOptions(clock, { tenants, state, leases, instance, registry }));
    const value = (name: string) =>
      registry
        .snapshot()
        .filter((one) => one.name === name)
        .reduce((sum, one) => sum + one.value, 0);
    return { worker, value };
  };
  const [a, b] = [await start("a"), await start("b")];
  await clock.advance(2 * MINUTE);
  const owned = () => [a, b].map(({ value }) => value("rondo_rule_group_owned"));
  const [ofA = 0, ofB = 0] = owned();
  expect(ofA + ofB).toBe(20);
  expect(Math.min(ofA, ofB)).toBeGreaterThan(3);
  const before = b.value("rondo_rule_evaluations_total");
  const closed = a.worker.close();
  await clock.advance(6_000);
  await closed;
  expect(owned()).toEqual([0, 20]);
  await clock.advance(MINUTE);
  expect(b.value("rondo_rule_evaluations_total") - before).toBeGreaterThanOrEqual(20);
  const end = b.worker.close();
  await clock.advance(6_000);
  await end;
  expect(clock.pending).toBe(0);
});

test("its pages are served, and readiness lacks what has not answered", async () => {
  const clock = new FakeClock();
  const readiness = new Readiness(clock);
  const worker = await startAlerts(
    workerOptions(clock, {
      ...{ state: testState(clock), leases: localLeases(clock), readiness },
      tenants: [{ tenant: "t", groups: [oneRule("up == 0")], windows: new TestWindows(clock) }],
    }),
  );
  expect(readiness.reasons().map(({ condition }) => condition)).toEqual(["rule state", "leases"]);
  await clock.advance(2_000);
  expect(readiness.reasons()).toEqual([]);
  const server = await servePages({
    host: "127.0.0.1",
    port: 0,
    purpose: "rules",
    setBy: "alerts::endpoint",
    pages: worker.pages,
  });
  const answer = await fetch(`http://${server.address}/api/v1/rules?rule_name[]=A`);
  expect(await answer.json()).toMatchObject({ data: { groups: [{ rules: [{ name: "A" }] }] } });
  await server.close();
  const closed = worker.close();
  await clock.advance(6_000);
  await closed;
});

test("without groups there is nothing to wait for", async () => {
  const clock = new FakeClock();
  const readiness = new Readiness(clock);
  const worker = await startAlerts(
    workerOptions(clock, { state: testState(clock), leases: localLeases(clock), readiness, tenants: [] }),
  );
  await clock.advance(0);
  expect(readiness.reasons()).toEqual([]);
  await worker.close();
});

test("two groups that would share their state are refused", async () => {
  const clock = new FakeClock();
  const group = oneRule("up == 0");
  const windows = new TestWindows(clock);
  const tenants = [
    {
      tenant: "t",
      windows,
      groups: [
        { ...group, file: "a/rules.yml" },
        { ...group, file: "b/rules.yml" },
      ],
    },
  ];
  const start = startAlerts(
    workerOptions(clock, { state: testState(clock), leases: localLeases(clock), tenants, log: silentLog }),
  );
  await expect(start).rejects.toMatchObject({
    code: "config",
    message: "tenant t has a group g in a/rules.yml and in b/rules.yml; rename the group or one of the files",
  });
});
