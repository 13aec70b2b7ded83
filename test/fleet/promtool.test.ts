/** The truth of a fleet is no opinion of ours: Prometheus's own rule evaluator agrees with it at every slot. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MINUTE, type Outage, outage, spedUpRules } from "@rondo/testkit/fleet";
import { afterAll, beforeAll, expect } from "vitest";
import { needs, tool } from "../needs.ts";
import { promtoolCase } from "./promtool-case.ts";

const RULES = readFileSync(new URL("../../deploy/examples/alerting-rules.yml", import.meta.url), "utf8");
const GROUPS = ["federated_learning_alerts", "infrastructure_alerts"];

interface Played {
  readonly seed: number;
  readonly speed?: number;
  /** Of every group's slots, milliseconds. */
  readonly offsetMs?: number;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "promtool-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function play({ seed, speed = 1, offsetMs = 0 }: Played): Outage {
  const evaluation = { intervalMs: MINUTE, offsetsMs: Object.fromEntries(GROUPS.map((group) => [group, offsetMs])) };
  return outage({ seed, startMs: Date.UTC(2026, 0, 1), speed, evaluation });
}

/** What promtool says of the rules and the truth; it ends with an error when they differ. */
function verdictOn(of: Outage, { offsetMs = 0 }: Played): string {
  const { speed } = of.time;
  const [rulesFile, file] = [join(folder, "rules.yml"), join(folder, "case.yml")];
  writeFileSync(rulesFile, spedUpRules(RULES, speed));
  writeFileSync(file, promtoolCase(of, { rulesFile, stepMs: 1000 / speed, offsetMs }));
  return execFileSync(tool("promtool"), ["test", "rules", file], { encoding: "utf8", stdio: "pipe" });
}

const PLAYED: readonly Played[] = [
  { seed: 1 },
  { seed: 2, offsetMs: 7_000 },
  { seed: 3, offsetMs: 53_000 },
  // A duration must stay whole, and so must the step: what sets the pace of a replay in real time.
  { seed: 4, speed: 20 },
  { seed: 5, speed: 40, offsetMs: 275 },
];

for (const played of PLAYED) {
  needs("promtool")(`outage, ${JSON.stringify(played)}`, () => {
    expect(verdictOn(play(played), played)).toContain("SUCCESS");
  });
}

needs("promtool")("a truth that is wrong by one slot is found out", () => {
  const { truth, ...rest } = play({ seed: 1 });
  const [first, ...others] = truth.transitions;
  if (first === undefined) throw new Error("nothing happened");
  const wrong = { ...truth, transitions: [{ ...first, at: first.at + MINUTE }, ...others] };
  expect(() => verdictOn({ ...rest, truth: wrong }, { seed: 1 })).toThrow("FAILED");
});
