import { Fault } from "@rondo/core";
import type { Page } from "@rondo/monitor";
import { labelsKey } from "@rondo/promql";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import type { Alert } from "./alert.ts";
import { groupOf, testState } from "./alerts.cases.ts";
import { rulePages, type ServedGroup } from "./api.ts";
import { claimGroup, groupPrefix } from "./group-claim.ts";
import { emptyState, encodeState, type GroupState, UNEVALUATED } from "./group-state.ts";

const START = Date.UTC(2026, 0, 1);
const group = groupOf(`groups:
- name: g
  limit: 5
  rules:
  - alert: A
    expr: up==0
    for: 5m
    keep_firing_for: 1m
    labels: {severity: '{{ $labels.x }}'}
    annotations: {summary: 's {{ $value }}'}
  - {alert: B, expr: up}
`);

const alert = (phase: Alert["phase"], name: string): Alert => ({
  ...{
    phase,
    labels: [["alertname", "A"] as const, ["name", name] as const],
    annotations: [["summary", "s 0"] as const],
  },
  ...{ value: 0.5, activeAt: START, ...(phase === "keeping" && { keepFiringSince: START + 1_000 }) },
});

const STATE: GroupState = {
  lastSlot: START,
  rules: [
    {
      alerts: new Map(
        (["pending", "keeping", "resolved"] as const).map((phase) => {
          const one = alert(phase, phase);
          return [labelsKey(one.labels), one];
        }),
      ),
      standing: {
        health: "ok",
        lastError: "",
        lastEvaluation: START + 500,
        evaluationMs: 2,
        evaluations: 7,
        inputSeries: 3,
      },
    },
    { alerts: new Map(), standing: { ...UNEVALUATED, health: "err", lastError: "1:1: no" } },
  ],
};

async function rig(own: GroupState | null = STATE) {
  const store = testState(new FakeClock());
  const prefix = groupPrefix("t", group);
  const served: ServedGroup = { tenant: "t", group, intervalMs: 60_000, prefix, own: () => own ?? undefined };
  const pages = rulePages([served], store);
  const get = async (path: string) => {
    const url = new URL(path, "http://x");
    const page = (await pages.get(url.pathname)?.(undefined, url.searchParams)) as Page;
    return { status: page.status, body: JSON.parse(page.body) };
  };
  return { store, prefix, get, pages };
}

test("rules are told as Prometheus tells them, with what is ours beside it", async () => {
  const { get } = await rig();
  expect(await get("/api/v1/rules")).toEqual({
    status: 200,
    body: {
      status: "success",
      data: {
        groups: [
          {
            name: "g",
            file: "rules.yml",
            interval: 60,
            limit: 5,
            evaluationTime: 0.002,
            lastEvaluation: "2026-01-01T00:00:00.500Z",
            tenant: "t",
            rules: [
              {
                ...{ type: "alerting", name: "A", query: "up == 0", duration: 300, keepFiringFor: 60, state: "firing" },
                labels: { severity: "{{ $labels.x }}" },
                annotations: { summary: "s {{ $value }}" },
                ...{ health: "ok", lastError: "", evaluationTime: 0.002, lastEvaluation: "2026-01-01T00:00:00.500Z" },
                ...{ evaluations: 7, inputSeries: 3 },
                alerts: [
                  {
                    labels: { alertname: "A", name: "pending" },
                    annotations: { summary: "s 0" },
                    ...{ state: "pending", activeAt: "2026-01-01T00:00:00.000Z", value: "5e-01" },
                  },
                  {
                    labels: { alertname: "A", name: "keeping" },
                    annotations: { summary: "s 0" },
                    ...{ state: "firing", activeAt: "2026-01-01T00:00:00.000Z", value: "5e-01" },
                    keepFiringSince: "2026-01-01T00:00:01.000Z",
                  },
                ],
              },
              expect.objectContaining({
                ...{ name: "B", state: "inactive", health: "err", lastError: "1:1: no", alerts: [] },
                lastEvaluation: "0001-01-01T00:00:00Z",
              }),
            ],
          },
        ],
      },
    },
  });
});

test("alerts are those of all rules that are pending or firing", async () => {
  const { get } = await rig();
  const { body } = await get("/api/v1/alerts");
  expect(body.data.alerts.map(({ labels }: Alert & { labels: { name: string } }) => labels.name)).toEqual([
    "pending",
    "keeping",
  ]);
});

test("a group that another replica evaluates is told as that one wrote it, with its name", async () => {
  const { store, prefix, get } = await rig(null);
  const rules = async () => (await get("/api/v1/rules")).body.data.groups[0];
  expect(await rules()).toMatchObject({ rules: [{ name: "A", health: "unknown", evaluations: 0 }, { name: "B" }] });
  expect(await rules()).not.toHaveProperty("owner");
  const claim = await claimGroup(store, prefix, "rondo-1#abc");
  await claim?.write(encodeState(STATE, group.rules));
  expect(await rules()).toMatchObject({
    owner: "rondo-1",
    rules: [{ state: "firing", evaluations: 7 }, { health: "err" }],
  });
});

test("a state that cannot be read is told as none", async () => {
  const { store, prefix, get } = await rig(null);
  await store.put([{ key: `${prefix}1/state`, value: Buffer.from("{") }]);
  expect((await get("/api/v1/rules")).body.data.groups[0].rules[0]).toMatchObject({
    health: "unknown",
    evaluations: 0,
  });
});

test.each([
  ["", ["A", "B"]],
  ["?type=alert", ["A", "B"]],
  ["?type=record", []],
  ["?rule_name[]=B", ["B"]],
  ["?rule_name[]=C", []],
  ["?rule_group[]=g&file[]=rules.yml", ["A", "B"]],
  ["?rule_group[]=h", []],
  ["?file[]=other.yml", []],
  ["?tenant=u", []],
])("the query %s asks for %j", async (query, names) => {
  const { get } = await rig();
  const { body } = await get(`/api/v1/rules${query}`);
  const groups: readonly { readonly rules: readonly { readonly name: string }[] }[] = body.data.groups;
  expect(groups.flatMap(({ rules }) => rules.map(({ name }) => name))).toEqual(names);
});

test("alerts can be left out", async () => {
  const { get } = await rig();
  expect((await get("/api/v1/rules?exclude_alerts=true")).body.data.groups[0].rules[0]).toMatchObject({
    state: "firing",
    alerts: [],
  });
});

test("a store that is away is a 503, in Prometheus's words", async () => {
  const store = testState(new FakeClock());
  const away = { ...store, list: () => Promise.reject(new Fault("unavailable", "no leader")) };
  const served: ServedGroup = { tenant: "t", group, intervalMs: 1, prefix: "p/", own: () => emptyState(group.rules) };
  const page = await rulePages([served], away).get("/api/v1/alerts")?.(undefined, new URLSearchParams());
  expect(page).toMatchObject({ status: 503 });
  expect(JSON.parse(page?.body ?? "")).toEqual({ status: "error", errorType: "unavailable", error: "no leader" });
});
