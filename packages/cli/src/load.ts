/** Reads a configuration for a command: findings are printed, and only a whole graph comes back. */
import { type Finding, type Graph, loadConfig, readConfigFiles } from "@rondo/config";
import { COMPONENT_TYPES } from "./component-types.ts";
import type { Out } from "./out.ts";

/** What names a configuration on the command line. */
export interface ConfigArguments {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly strict?: boolean;
}

/** A finding as one line: file:line, path, message. */
export function findingLine({ file, line, path, message }: Finding): string {
  const place = file === undefined ? "" : `${file}${line === undefined ? "" : `:${line}`}: `;
  return `${place}${path === "" ? "" : `${path}: `}${message}`;
}

/** Loads and checks; prints every problem and answers undefined when there is one. Throws a `config` Fault for a file that cannot be read. */
export async function loadGraph(args: ConfigArguments, out: Out): Promise<Graph | undefined> {
  const files = await readConfigFiles(args.config);
  const { graph, problems } = loadConfig({
    files,
    sets: args.set,
    types: COMPONENT_TYPES,
    env: processEnvironment,
    ...(args.strict !== undefined && { strict: args.strict }),
  });
  for (const problem of problems) out.error(`error: ${findingLine(problem)}`);
  return problems.length === 0 ? graph : undefined;
}
