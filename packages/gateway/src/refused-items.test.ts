import { type Log, silentLog } from "@rondo/core";
import { FlawedItems } from "@rondo/otlp";
import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { flawRefusals, refusalMessage, refusalWarnings } from "./refused-items.ts";

const account = { receiver: "otlp", signal: "metrics", tenant: "default" } as const;

test("the client is told how many items, why, and where the first one stands", () => {
  const flawed = new FlawedItems();
  flawed.add(2, 5, "name_utf8", () => "resourceMetrics[0].scopeMetrics[0].metrics[1].name");
  const refusals = [...flawRefusals(flawed), { reason: "item_too_large", items: 1 } as const];
  expect(refusalMessage(account, 9, refusals)).toBe(
    "invalid_name: 3 of 9 data points, the first at resourceMetrics[0].scopeMetrics[0].metrics[1].name; " +
      "names and attribute keys must be UTF-8. item_too_large: 1 of 9 data points; an item may have 1048576 B",
  );
});

test("the operator is told once a minute per account and reason, with all that was refused meanwhile", async () => {
  const clock = new FakeClock();
  const lines: unknown[] = [];
  const log: Log = { ...silentLog, warn: (_, fields) => void lines.push([fields?.["reason"], fields?.["items"]]) };
  const warn = refusalWarnings(log, clock);
  warn(account, [
    { reason: "invalid_name", items: 3, path: "x" },
    { reason: "item_too_large", items: 1 },
  ]);
  for (let i = 0; i < 10; i++) warn(account, [{ reason: "invalid_name", items: 2, path: "x" }]);
  warn({ ...account, tenant: "other" }, [{ reason: "invalid_name", items: 7, path: "x" }]);
  expect(lines).toEqual([
    ["invalid_name", 3],
    ["item_too_large", 1],
    ["invalid_name", 7],
  ]);
  await clock.advance(60_000);
  warn(account, [{ reason: "invalid_name", items: 1, path: "x" }]);
  expect(lines.at(-1)).toEqual(["invalid_name", 21]);
});
