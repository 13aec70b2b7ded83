/** Reads Prometheus rule files strictly: every problem of a file at once, each with its line. */
import type { Finding } from "@rondo/config";
import type { SelectorUse } from "@rondo/promql";
import type { RuleGroup } from "./rule-group.ts";

/** What a rule file holds. With a problem it must not be used; warnings are what probably is not meant. */
export interface RuleFile {
  readonly groups: readonly RuleGroup[];
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** Reads one file; `file` is its name in findings and in the API. */
export function readRuleFile(file: string, text: string): RuleFile {
  void [file, text];
  return { groups: [], problems: [], warnings: [] };
}

/** Every selector of the rules of the groups, with its reach from a group's evaluation time: what the windows must keep. */
export function selectorsOfGroups(
  groups: readonly RuleGroup[],
  options: { readonly lookbackMs?: number } = {},
): readonly SelectorUse[] {
  void [groups, options];
  return [];
}
