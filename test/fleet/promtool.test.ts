/** The truth of a fleet is no opinion of ours: Prometheus's own rule evaluator agrees with it at every slot. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MINUTE, outage } from "@rondo/testkit/fleet";
import { afterAll, beforeAll, expect } from "vitest";
import { needs, tool } from "../needs.ts";
import { promtoolCase } from "./promtool-case.ts";

const RULES = new URL("../../deploy/examples/alerting-rules.yml", import.meta.url).pathname;
const GROUPS = ["federated_learning_alerts", "infrastructure_alerts"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "promtool-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What promtool says of a unit test; it ends with an error when the test fails. */
function verdictOn(text: string): string {
  const file = join(folder, "case.yml");
  writeFileSync(file, text);
  return execFileSync(tool("promtool"), ["test", "rules", file], { encoding: "utf8", stdio: "pipe" });
}

function played(seed: number, offsetMs: number) {
  const evaluation = { intervalMs: MINUTE, offsetsMs: Object.fromEntries(GROUPS.map((group) => [group, offsetMs])) };
  return outage({ seed, startMs: Date.UTC(2026, 0, 1), evaluation });
}

for (const [seed, offsetMs] of [
  [1, 0],
  [2, 7_000],
  [3, 53_000],
] as const) {
  needs("promtool")(`outage, seed ${seed}, slots ${offsetMs / 1000} s after the minute`, () => {
    expect(verdictOn(promtoolCase(played(seed, offsetMs), RULES, offsetMs))).toContain("SUCCESS");
  });
}

needs("promtool")("a truth that is wrong by one slot is found out", () => {
  const { truth, ...rest } = played(1, 0);
  const [first, ...others] = truth.transitions;
  if (first === undefined) throw new Error("nothing happened");
  const wrong = { ...truth, transitions: [{ ...first, at: first.at + MINUTE }, ...others] };
  expect(() => verdictOn(promtoolCase({ ...rest, truth: wrong }, RULES, 0))).toThrow("FAILED");
});
