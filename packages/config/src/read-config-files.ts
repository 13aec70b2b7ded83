/** Reads what `--config` names: files, or with a scheme as in the Collector `file:`, `env:` and `yaml:`. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Fault } from "@rondo/core";
import { type Environment, processEnvironment } from "./expand.ts";
import { YAML_LIMITS } from "./read-yaml.ts";

/** A text of configuration and the name under which findings mention it. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
}

/** Two characters at least, as the Collector has it, so that `C:` stays a drive. */
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s;

/** What to do about each error of the file system, after `cannot read <name>: `. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file; check the path",
  EISDIR: "it is a folder; name a file in it",
  EACCES: "this user may not read it; check its permissions",
  EPERM: "this user may not read it; check its permissions",
  ENOTDIR: "a part of its path is a file; check the path",
};

/** Reads every source in order. Throws a Fault `config` that names the first one that cannot be read, and what to do. */
export async function readConfigFiles(
  sources: readonly string[],
  env: Environment = processEnvironment,
): Promise<readonly ConfigFile[]> {
  if (sources.length === 0) throw new Fault("config", "no configuration: name at least one file with --config");
  const files: ConfigFile[] = [];
  for (const source of sources) files.push(await readSource(source, env));
  return files;
}

/** Findings call a file by the path that the user gave, and text from elsewhere by where it came from. */
async function readSource(source: string, env: Environment): Promise<ConfigFile> {
  const [, scheme, opaque = ""] = SCHEME.exec(source) ?? [];
  switch (scheme) {
    case undefined:
      return { name: source, text: await readText(source) };
    case "file":
      return { name: opaque, text: await readText(opaque) };
    case "yaml":
      return { name: "yaml:", text: opaque };
    case "env": {
      const text = env(opaque);
      if (text === undefined)
        throw new Fault("config", `--config ${source}: environment variable ${opaque} is not set`);
      return { name: source, text };
    }
    default:
      throw new Fault("config", `--config ${scheme}:… is not supported; known: a path, file:, env:, yaml:`);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return checked(path, await readFile(path));
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

/** Reads a file that a value names with `${file:path}`. Throws a Fault `config` that says what to do. */
export function readReferencedFile(path: string): string {
  try {
    return checked(path, readFileSync(path));
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

/** The size is judged in bytes before anything is decoded: a character takes four at most. */
function checked(path: string, bytes: Uint8Array): string {
  if (bytes.length > YAML_LIMITS.characters * 4)
    throw new Fault("config", `cannot read ${path}: it is too large for a configuration`);
  try {
    // A byte order mark is dropped; text that is not UTF-8 would otherwise load with odd characters in its keys.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Fault("config", `cannot read ${path}: it is not UTF-8 text`);
  }
}

/** Says what to do for the errors that people meet; the system's own code for all others. */
function unreadable(path: string, thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  return new Fault("config", `cannot read ${path}: ${ADVICE[code] ?? (code || "reading failed")}`, { cause: thrown });
}
