/** Reads the rule files that a configuration names: groups by tenant, and everything that is wrong in them with its line. */
import { glob, readFile } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { type RuleGroup, readRuleFile } from "@rondo/alerts";
import type { AlertsSettings, Finding, RulePattern } from "@rondo/config";

/** The rules of a configuration. With a problem they must not run. */
export interface RuleSet {
  /** By tenant, in the order of the files. */
  readonly tenants: ReadonlyMap<string, readonly RuleGroup[]>;
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** Reads them all. A file that two patterns of a tenant find is read once. Throws nothing: what cannot be read is a problem. */
export async function readRules({ rules }: Pick<AlertsSettings, "rules">): Promise<RuleSet> {
  const tenants = new Map<string, readonly RuleGroup[]>();
  const problems: Finding[] = [];
  const warnings: Finding[] = [];
  for (const [tenant, patterns] of rules) {
    const files = new Map<string, Omit<Finding, "message">>();
    for (const [index, pattern] of patterns.entries()) {
      const found = await matching(pattern);
      const place = { path: `alerts::rules::${tenant}::${index}`, ...pattern.mark };
      if (found.length === 0) warnings.push({ ...place, message: `${pattern.pattern} matches no file` });
      for (const file of found) if (!files.has(file)) files.set(file, place);
    }
    const groups: RuleGroup[] = [];
    for (const [file, named] of files) {
      const read = await readOne(file, named);
      groups.push(...read.groups);
      problems.push(...read.problems);
      warnings.push(...read.warnings);
    }
    tenants.set(tenant, groups);
  }
  return { tenants, problems, warnings };
}

/** The files of a pattern, sorted; a path without a wildcard is itself, so that a missing file is found when it is read. */
async function matching({ pattern, folder }: RulePattern): Promise<readonly string[]> {
  if (!/[*?[]/.test(pattern)) return [isAbsolute(pattern) ? pattern : normalize(join(folder, pattern))];
  const found: string[] = [];
  for await (const name of glob(pattern, { cwd: folder === "" ? "." : folder })) {
    found.push(isAbsolute(name) ? name : normalize(join(folder, name)));
  }
  return found.sort();
}

/** `named` is where the configuration names the file. */
async function readOne(
  file: string,
  named: Omit<Finding, "message">,
): Promise<Omit<RuleSet, "tenants"> & { readonly groups: readonly RuleGroup[] }> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { groups: [], warnings: [], problems: [{ ...named, message: `${file} cannot be read: ${reason}` }] };
  }
  return readRuleFile(file, text);
}
