import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { spedUpRules } from "./sped-up-rules.ts";

test("durations shrink, thresholds of rates grow, everything else stays", () => {
  const rules = `
groups:
  - name: g
    interval: 1m
    rules:
      - alert: A
        expr: rate(x{a="[5m]"}[5m]) > 0.1
        for: 5m
      - alert: B
        expr: increase(y[1h]) == 0 and z > 90
        for: 30s
        annotations: {summary: "for: 5m of silence"}
`;
  expect(spedUpRules(rules, 30)).toBe(`
groups:
  - name: g
    interval: 2000ms
    rules:
      - alert: A
        expr: rate(x{a="[10000ms]"}[10000ms]) > 3
        for: 10000ms
      - alert: B
        expr: increase(y[120000ms]) == 0 and z > 90
        for: 1000ms
        annotations: {summary: "for: 5m of silence"}
`);
});

test("the rules of the examples can be sped up", async () => {
  const file = await readFile(new URL("../../../../deploy/examples/alerting-rules.yml", import.meta.url), "utf8");
  const fast = spedUpRules(file, 60);
  expect(fast.match(/\bfor: \d+ms$/gm)).toEqual([5, 30, 10, 15, 5, 10].map((minutes) => `for: ${minutes * 1000}ms`));
  expect(fast).toContain('rate(http_requests_total{status=~"5.."}[5000ms]) > 6');
  expect(spedUpRules(file, 1).replaceAll("300000ms", "5m")).toContain("[5m]) > 0.1");
});

test("what cannot be done exactly is refused", () => {
  expect(() => spedUpRules("expr: sum(rate(x[5m])) > 1", 2)).toThrow("a rate is not compared with a number");
  expect(() => spedUpRules("for: 1s", 7)).toThrow("1s at speed 7");
});
