/** `rondo print-config`: the configuration as it takes effect, merged, expanded and with its defaults, secrets redacted. */
import { renderConfig } from "@rondo/config";
import { COMPONENT_TYPES } from "../component-types.ts";
import { type ConfigArguments, problemLines, readConfig } from "../load.ts";
import { EXIT, type Out } from "../out.ts";

/**
 * Prints YAML, even of a configuration that has problems, since seeing it helps to find them; the problems go to the error
 * stream. Returns 0 when there are none, else 2. Throws a Fault `config` for a file that cannot be read.
 */
export async function printConfigCommand(options: ConfigArguments, out: Out): Promise<number> {
  const loaded = await readConfig(options);
  const { merged, problems } = loaded;
  for (const line of problemLines(loaded)) out.error(line);
  if (merged !== undefined) out.line(renderConfig(merged, COMPONENT_TYPES).trimEnd());
  return problems.length === 0 ? EXIT.ok : EXIT.usage;
}
