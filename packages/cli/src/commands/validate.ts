/** `rondo validate`: everything that is wrong or odd in a configuration, each with file and line, and what would run. */
import type { Graph } from "@rondo/config";
import { type ConfigArguments, findingLine, readConfig } from "../load.ts";
import { EXIT, type Out } from "../out.ts";
import type { RuleSet } from "../rules.ts";
import { notYetLine } from "./up.ts";

/**
 * Prints problems to the error stream, warnings, what is left out and a closing line to the other. Returns 0 when the
 * configuration would start, 2 when it would not. Throws a Fault `config` for a file that cannot be read.
 */
export async function validateCommand(options: ConfigArguments, out: Out): Promise<number> {
  const { graph, problems, warnings, rules } = await readConfig(options);
  for (const problem of problems) out.error(`error: ${findingLine(problem)}`);
  for (const warning of warnings) out.line(`warning: ${findingLine(warning)}`);
  if (graph === undefined) {
    out.error(`the configuration cannot run: ${counted(problems.length, "problem")}`);
    return EXIT.usage;
  }
  for (const left of graph.notYet) out.line(notYetLine(left));
  out.line(`the configuration is valid: ${whatRuns(graph, rules)}`);
  return EXIT.ok;
}

function whatRuns({ receivers, pipelines, alerts }: Graph, rules: RuleSet["tenants"]): string {
  const exporters = new Set(pipelines.flatMap((pipeline) => pipeline.exporters.map(({ id }) => id)));
  return [
    counted(receivers.length, "receiver"),
    counted(pipelines.length, "pipeline"),
    counted(exporters.size, "exporter"),
    ...(alerts === undefined
      ? []
      : [counted([...rules.values()].flat().flatMap((group) => group.rules).length, "rule")]),
  ].join(", ");
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
