import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRules } from "./rules.ts";

const GROUP = (name: string) => `groups: [{name: ${name}, rules: [{alert: Down, expr: down > 0}]}]`;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rondo-rules-"));
  await mkdir(join(folder, "rules"));
  for (const name of ["b", "a"]) await writeFile(join(folder, "rules", `${name}.yml`), GROUP(name));
});
afterEach(() => rm(folder, { recursive: true }));

const read = (...patterns: string[]) =>
  readRules({
    rules: new Map([
      ["default", patterns.map((pattern, index) => ({ pattern, folder, mark: { file: "c.yaml", line: index + 1 } }))],
    ]),
  });

test("files are found beside the configuration, in order, each once", async () => {
  const { tenants, problems, warnings } = await read("rules/*.yml", "rules/b.yml");
  expect([problems, warnings]).toEqual([[], []]);
  expect(tenants.get("default")?.map(({ name }) => name)).toEqual(["a", "b"]);
});

test("a pattern without a match is a warning, a file that is not there a problem", async () => {
  const { problems, warnings } = await read("nosuch/*.yml", "nosuch.yml");
  const [first, second] = [0, 1].map((at) => ({ path: `alerts::rules::default::${at}`, file: "c.yaml", line: at + 1 }));
  expect(warnings).toEqual([{ ...first, message: "nosuch/*.yml matches no file" }]);
  const message = expect.stringContaining(`${join(folder, "nosuch.yml")} cannot be read: ENOENT`);
  expect(problems).toEqual([{ ...second, message }]);
});

test("what is wrong in a file is told with its line", async () => {
  await writeFile(
    join(folder, "rules", "c.yml"),
    "groups:\n  - name: c\n    rules:\n      - {alert: X, expr: 'sum('}\n",
  );
  const { problems } = await read("rules/*.yml");
  expect(problems).toMatchObject([{ file: join(folder, "rules/c.yml"), line: 4 }]);
});
