import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manifestOf, ROOT, readPackages } from "./workspace.ts";

const page = readFileSync(join(ROOT, "docs/dependencies.md"), "utf8");

/** Names in backquotes with what stands in the next column; `a-{b,c}` stands for both. */
function documented(): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const [, names = "", version = ""] of page.matchAll(/^\| (`[^|]+`) \| ([\d.]+) \|/gm)) {
    const spelled = [...names.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    for (const name of spelled) for (const one of expand(name)) versions.set(one, version);
  }
  return versions;
}

function expand(name: string): readonly string[] {
  const [whole, choices] = /\{([^}]+)\}/.exec(name) ?? [];
  if (whole === undefined || choices === undefined) return [name];
  return choices.split(",").flatMap((choice) => expand(name.replace(whole, choice)));
}

test("every third-party dependency is in docs/dependencies.md with its version, and nothing else is", () => {
  const root = manifestOf(".");
  const own = readPackages().flatMap((one) => [...one.dependencies]);
  const all = new Map([...own, ...Object.entries({ ...root.devDependencies, ...root.optionalDependencies })]);
  const third = [...all].filter(([name]) => !name.startsWith("@rondo/")).sort();
  expect([...documented()].sort()).toEqual(third);
});
