/** The scripts in ../cases: what the product's own rules, objectives and dashboards ask, and what they get. */
import { readdirSync, readFileSync } from "node:fs";
import { runPromqlScript } from "@rondo/testkit/promql-cases";
import { expect, test } from "vitest";

const folder = new URL("../cases/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".test"));

test.each(files)("%s", async (file) => {
  const outcomes = await runPromqlScript(readFileSync(new URL(file, folder), "utf8"));
  expect(outcomes.length).toBeGreaterThan(5);
  expect(
    outcomes
      .filter(({ problem }) => problem !== undefined)
      .map(({ line, expr, problem }) => `${line}: ${expr}: ${problem}`),
  ).toEqual([]);
});
