import { WireError } from "@rondo/otlp";
import { profilesRequest } from "@rondo/testkit";
import { expect, test } from "vitest";
import { LOGS, METRICS, TRACES } from "./requests.cases.ts";
import { summaryOf } from "./summary.ts";

test.each([
  ["traces", TRACES, 2, { title: "Traces", counts: { "resource spans": 1, spans: 2 } }],
  ["metrics", METRICS, 5, { title: "Metrics", counts: { "resource metrics": 1, metrics: 6, "data points": 5 } }],
  ["logs", LOGS, 2, { title: "Logs", counts: { "resource logs": 1, "log records": 2 } }],
  ["profiles", profilesRequest("main", 2), 2, { title: "Profiles", counts: { "resource profiles": 1, profiles: 2 } }],
] as const)("%s are counted on the wire", (signal, body, items, expected) => {
  expect(summaryOf({ signal, tenant: "default", items, body })).toEqual(expected);
});

test("broken frames are an error, not a count", () => {
  const body = Uint8Array.of(0x0a, 0x7f);
  expect(() => summaryOf({ signal: "metrics", tenant: "default", items: 1, body })).toThrow(WireError);
});
