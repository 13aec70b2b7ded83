/** Reads a configuration for a command: findings are printed, and only a whole graph comes back. */
import {
  type Finding,
  type Graph,
  type LoadedConfig,
  loadConfig,
  processEnvironment,
  readConfigFiles,
  readReferencedFile,
} from "@rondo/config";
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

/** Reads and checks, and prints nothing. Throws a `config` Fault for a file that cannot be read. */
export async function readConfig({ config, set, strict }: ConfigArguments): Promise<LoadedConfig> {
  return loadConfig({
    files: await readConfigFiles(config),
    sets: set,
    types: COMPONENT_TYPES,
    env: processEnvironment,
    file: readReferencedFile,
    ...(strict !== undefined && { strict }),
  });
}

/** Loads and checks; prints every problem and answers undefined when there is one. Throws as `readConfig` does. */
export async function loadGraph(args: ConfigArguments, out: Out): Promise<Graph | undefined> {
  const { graph, problems } = await readConfig(args);
  for (const problem of problems) out.error(`error: ${findingLine(problem)}`);
  return graph;
}
