import { describe, expect, test } from "vitest";
import { Findings, TreePlace } from "./findings.ts";
import { readYaml } from "./read-yaml.ts";
import { readWindows } from "./windows-section.ts";

const METRICS = [{ id: "metrics", signal: "metrics" } as const];

function read(yaml: string, pipelines: Parameters<typeof readWindows>[1] = METRICS) {
  const findings = new Findings();
  const root = new TreePlace(
    readYaml("f", yaml, (message) => findings.problem("", message)),
    findings,
  );
  const settings = readWindows(root.at("windows"), pipelines);
  return { settings, problems: findings.problems.map(({ path, message }) => `${path}: ${message}`) };
}

describe("windows", () => {
  test("are on this machine when nothing is said", () => {
    expect(read("a: 1").settings).toEqual({
      store: { kind: "embedded" },
      pipeline: "metrics",
      keep: [],
      latenessMs: 300_000,
    });
  });

  // A password may stand in the address: whatever prints the settings must not print it.
  test("are in the Redis that is named, whose address is a secret", () => {
    const { settings, problems } = read(
      "windows: {redis: {url: 'redis://u:hunter2@r:6379'}, keep: [up], lateness: 1m}",
    );
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({ store: { kind: "redis" }, keep: ["up"], latenessMs: 60_000 });
    expect(JSON.stringify(settings)).not.toContain("hunter2");
  });

  test.each([
    ["{redis: {url: 'r:6379'}}", "windows::redis::url: must be an address such as redis://redis:6379 or rediss://…"],
    [
      "{redis: {}}",
      "windows::redis::url: is required: Its address, such as redis://redis:6379; it may hold a password.",
    ],
    ["{lateness: 25h}", "windows::lateness: must be at most 24h"],
    ["{pipeline: traces}", "windows::pipeline: names no metrics pipeline; there are: metrics"],
    ["{kep: []}", "windows::kep: unknown key; did you mean keep?"],
  ])("%s is refused", (yaml, problem) => {
    expect(read(`windows: ${yaml}`).problems).toEqual([expect.stringContaining(problem.replace(/…$/, ""))]);
  });

  const pair = (a: string, b: string) => [a, b].map((id) => ({ id, signal: "metrics" }) as const);

  test("read the one metrics pipeline there is, whatever it is called", () => {
    expect(read("a: 1", [{ id: "metrics/fl", signal: "metrics" }]).settings?.pipeline).toBe("metrics/fl");
    expect(read("a: 1", [{ id: "traces", signal: "traces" }]).settings?.pipeline).toBeUndefined();
  });

  test("must be told which of several pipelines they read", () => {
    expect(read("windows: {lateness: 1m}", pair("metrics/a", "metrics/b")).problems).toEqual([
      "windows: needs pipeline: several read metrics (metrics/a, metrics/b), and rules are evaluated from one of them",
    ]);
    expect(read("windows: {pipeline: metrics/b}", pair("metrics/a", "metrics/b")).settings?.pipeline).toBe("metrics/b");
  });
});
