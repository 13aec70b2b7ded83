import { expect, test } from "vitest";
import type { Alert } from "./alert.ts";
import { needsSending, postedAlert } from "./sending.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 1);
const firing: Alert = {
  phase: "firing",
  labels: [
    ["alertname", "A"],
    ["site", "own"],
  ],
  annotations: [["summary", "s"]],
  value: 1,
  activeAt: NOW - 5 * MINUTE,
  firedAt: NOW - 2 * MINUTE,
};
const resolved: Alert = { ...firing, phase: "resolved", resolvedAt: NOW };

test.each<[string, Alert, boolean]>([
  ["a pending alert never", { ...firing, phase: "pending" }, false],
  ["one that begins to fire", firing, true],
  ["one that was told a resend delay ago not yet", { ...firing, lastSentAt: NOW - MINUTE }, false],
  ["one that was told before that", { ...firing, lastSentAt: NOW - MINUTE - 1 }, true],
  ["one that was told by a clock that was ahead", { ...firing, lastSentAt: NOW + 60 * MINUTE }, true],
  ["one that is over and was not told so", resolved, true],
  ["one whose end was told", { ...resolved, lastSentAt: NOW }, false],
  [
    "one whose end was told long ago",
    { ...resolved, resolvedAt: NOW - 5 * MINUTE, lastSentAt: NOW - 2 * MINUTE },
    true,
  ],
  ["one that is held up", { ...firing, phase: "keeping", lastSentAt: NOW - 2 * MINUTE }, true],
])("%s", (_name, alert, told) => expect(needsSending(alert, NOW, MINUTE)).toBe(told));

const around = {
  at: NOW,
  intervalMs: 15_000,
  resendDelayMs: MINUTE,
  externalLabels: new Map([
    ["site", "outer"],
    ["region", "eu"],
  ]),
  externalUrl: "http://rondo",
  query: 'up{job="a"} == 0',
};

test("a firing alert ends by itself four rounds after the evaluation", () => {
  expect(postedAlert(firing, around)).toEqual({
    labels: { alertname: "A", site: "own", region: "eu" },
    annotations: { summary: "s" },
    startsAt: "2025-12-31T23:58:00.000Z",
    endsAt: "2026-01-01T00:04:00.000Z",
    generatorURL: "http://rondo/graph?g0.expr=up%7Bjob%3D%22a%22%7D+%3D%3D+0&g0.tab=1",
  });
  expect(postedAlert(firing, { ...around, intervalMs: 5 * MINUTE }).endsAt).toBe("2026-01-01T00:20:00.000Z");
});

test("a resolved one ends when it did, and still began when it fired", () => {
  const { startsAt, endsAt } = postedAlert({ ...resolved, resolvedAt: NOW - MINUTE }, around);
  expect([startsAt, endsAt]).toEqual(["2025-12-31T23:58:00.000Z", "2025-12-31T23:59:00.000Z"]);
});

test("whose it is wins over what a client may have called itself", () => {
  const spoofed: Alert = {
    ...firing,
    labels: [
      ["alertname", "A"],
      ["tenant", "other"],
    ],
  };
  expect(postedAlert(spoofed, { ...around, tenantLabel: "mine" }).labels["tenant"]).toBe("mine");
  expect(postedAlert(spoofed, around).labels["tenant"]).toBe("other");
});

test("a label with a name that JavaScript knows is a label", () => {
  const odd: Alert = { ...firing, labels: [["__proto__", "x"]] };
  expect(JSON.stringify(postedAlert(odd, around).labels)).toBe('{"__proto__":"x","region":"eu","site":"outer"}');
});
