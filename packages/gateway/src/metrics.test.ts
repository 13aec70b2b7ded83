import { systemClock } from "@rondo/core";
import { createRegistry } from "@rondo/monitor";
import { expect, test } from "vitest";
import { admission } from "./admission.ts";
import { registryMetrics } from "./metrics.ts";

test("items, requests and credits are counted under the receiver, its signal and tenant", () => {
  const registry = createRegistry();
  const metrics = registryMetrics(registry);
  const credits = admission(1_000, systemClock);
  const account = { receiver: "otlp", signal: "logs", tenant: "a" } as const;
  metrics.watch(credits);
  metrics.accepted(account, 2);
  metrics.accepted(account, 3);
  metrics.accepted({ ...account, tenant: "b" }, 1);
  metrics.refused(account, 7, "throttled");
  metrics.answered("otlp", "http", "ok", 0.5);
  metrics.answered("otlp", "http", "ok", 0.5);
  metrics.answered("otlp", "http", "partial", 0.5);
  credits.take(400, "default");
  const values = (name: string, ...labels: readonly string[]) =>
    registry
      .snapshot()
      .filter((sample) => sample.name === name)
      .map((sample) => [...labels.map((label) => sample.labels.get(label)), sample.value]);
  expect(values("rondo_items_accepted_total", "component", "signal", "tenant")).toEqual([
    ["otlp", "logs", "a", 5],
    ["otlp", "logs", "b", 1],
  ]);
  expect(values("rondo_items_refused_total", "tenant", "reason")).toEqual([["a", "throttled", 7]]);
  expect(values("rondo_requests_total", "protocol", "outcome")).toEqual([
    ["http", "ok", 2],
    ["http", "partial", 1],
  ]);
  expect(values("rondo_gateway_in_flight_bytes")).toEqual([[400]]);
  expect(values("rondo_gateway_credit_bytes")).toEqual([[600]]);
});
