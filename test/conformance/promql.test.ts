/** Prometheus's own scripts for PromQL engines, where they lie beside the repository: every evaluation, but for the known gaps. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runPromqlScript } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";
import { PROMQL_GAPS } from "./promql-gaps.ts";

const scripts = join(import.meta.dirname, "../../../shared/conformance/promql");
const present = existsSync(scripts);
if (!present) console.warn("skipped: PromQL is not compared with Prometheus, no scripts beside the repository");

const files = present ? readdirSync(scripts).filter((name) => name.endsWith(".test")) : ["(none)"];

test.skipIf(!present).each(files)("%s", async (file) => {
  const outcomes = await runPromqlScript(readFileSync(join(scripts, file), "utf8"));
  const gaps = new Set(PROMQL_GAPS.filter((gap) => gap.file === file).map(({ line }) => line));
  const failed = outcomes.filter(({ problem }) => problem !== undefined);
  console.info(`${file}: ${outcomes.length - failed.length} of ${outcomes.length} evaluations as in Prometheus`);
  expect(
    failed.filter(({ line }) => !gaps.has(line)).map(({ line, expr, problem }) => `${line}: ${expr}: ${problem}`),
    "these evaluations differ; a difference that must stay for now belongs into promql-gaps.ts",
  ).toEqual([]);
  const lines = new Set(failed.map(({ line }) => line));
  expect(
    [...gaps].filter((line) => !lines.has(line)),
    "these are gaps no more: take them out of promql-gaps.ts",
  ).toEqual([]);
});

test.skipIf(!present)("every gap is in a script that there is", () => {
  expect(PROMQL_GAPS.map(({ file }) => file).filter((file) => !files.includes(file))).toEqual([]);
});
