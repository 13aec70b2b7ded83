/** Reads a configuration for a command: findings are printed, and only a whole graph comes back. */
import {
  type Finding,
  type Graph,
  type LoadedConfig,
  loadConfig,
  processEnvironment,
  readConfigFiles,
  readFeatureGates,
  readReferencedFile,
} from "@rondo/config";
import type { ComponentTypes } from "@rondo/core";
import { Fault } from "@rondo/core";
import { readKeepSelectors } from "@rondo/windows";
import { COMPONENT_TYPES } from "./component-types.ts";
import type { Out } from "./out.ts";
import { type RuleSet, readRules } from "./rules.ts";
import { shortRetention } from "./short-retention.ts";

/** What names a configuration on the command line. */
export interface ConfigArguments {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly strict?: boolean;
  /** As `readFeatureGates` reads them. Absent: all are off. */
  readonly featureGates?: readonly string[];
}

/** A finding as one line: file:line, path, message. */
export function findingLine({ file, line, path, message }: Finding): string {
  const place = file === undefined ? "" : `${file}${line === undefined ? "" : `:${line}`}: `;
  return `${place}${path === "" ? "" : `${path}: `}${message}`;
}

/**
 * Every problem as a line, and before it the warnings that were given of the same place: `is required` is understood only
 * by who knows that an environment variable is not set.
 */
export function problemLines({ problems, warnings }: Pick<LoadedConfig, "problems" | "warnings">): string[] {
  const lines = problems.flatMap((problem) => [
    ...warnings.filter(({ path }) => path === problem.path).map((warning) => `warning: ${findingLine(warning)}`),
    `error: ${findingLine(problem)}`,
  ]);
  // Two problems of one place share its warnings, and one mistake may be found twice.
  return [...new Set(lines)];
}

/** A configuration with the rules that it names. */
export interface LoadedFiles extends LoadedConfig {
  /** By tenant; empty when there is no `alerts:`. */
  readonly rules: RuleSet["tenants"];
}

/** Reads and checks, rule files included, and prints nothing. Throws a `config` Fault for a file that cannot be read, and for a gate that there is not. */
export async function readConfig(
  { config, set, strict, featureGates = [] }: ConfigArguments,
  types: ComponentTypes = COMPONENT_TYPES,
): Promise<LoadedFiles> {
  const loaded = loadConfig({
    files: await readConfigFiles(config),
    sets: set,
    types,
    env: processEnvironment,
    file: readReferencedFile,
    gates: readFeatureGates(featureGates),
    ...(strict !== undefined && { strict }),
  });
  const { graph, ...rest } = loaded;
  const rules = await readRules(graph?.alerts ?? { rules: new Map() });
  const problems = [...loaded.problems, ...rules.problems, ...keepProblems(graph)];
  const short = graph === undefined ? [] : shortRetention(graph, rules.tenants);
  const warnings = [...loaded.warnings, ...rules.warnings, ...short];
  // A rule that cannot run is a reason not to start: whoever wrote it relies on being told.
  const runs = graph !== undefined && problems.length === 0 && { graph: { ...graph, warnings } };
  return { ...rest, ...runs, problems, warnings, rules: rules.tenants };
}

/** What is wrong with the selectors of `windows::keep`, which config itself cannot read. */
function keepProblems(graph: Graph | undefined): readonly Finding[] {
  try {
    readKeepSelectors(graph?.windows.keep ?? []);
    return [];
  } catch (thrown) {
    return [{ path: "", message: Fault.from(thrown).message }];
  }
}

/** Loads and checks; prints every problem and answers undefined when there is one. Throws as `readConfig` does. */
export async function loadGraph(args: ConfigArguments, out: Out): Promise<Graph | undefined> {
  return (await loadRun(args, out))?.graph;
}

/** As `loadGraph`, with the rules. */
export async function loadRun(args: ConfigArguments, out: Out): Promise<Run | undefined> {
  const { graph, rules, ...found } = await readConfig(args);
  for (const line of problemLines(found)) out.error(line);
  return graph && { graph, rules };
}

/** What a process runs. */
export interface Run {
  readonly graph: Graph;
  readonly rules: RuleSet["tenants"];
}
