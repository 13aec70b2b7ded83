/**
 * Sums a V8 CPU profile up: which functions, and which source files with all that Node does for them, the time went to.
 * `node profile-summary.ts [--from SECONDS] FILE…`; what lies before is left out, such as the start.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** The parts of a .cpuprofile that are read; V8 writes them so. */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds from sample to sample. */
  readonly timeDeltas: readonly number[];
}

/** What a function or a file took. */
export interface Share {
  readonly name: string;
  /** Of the time that the process was not idle, 0 to 1. */
  readonly share: number;
}

/** V8 samples every millisecond. What took longer until the next sample was not running: others had the core. */
const LONGEST_MICROS = 2_000;

/** Sums samples from `fromMicros` on by what `nameOf` says of their node, the most expensive first; waiting is left out. */
function sumBy(profile: Profile, fromMicros: number, nameOf: (id: number) => string): readonly Share[] {
  const sums = new Map<string, number>();
  let at = 0;
  profile.samples.forEach((id, index) => {
    const delta = profile.timeDeltas[index] ?? 0;
    at += delta;
    const micros = Math.min(delta, LONGEST_MICROS);
    const name = nameOf(id);
    if (at >= fromMicros && name !== "(idle)") sums.set(name, (sums.get(name) ?? 0) + micros);
  });
  const busy = [...sums.values()].reduce((sum, micros) => sum + micros, 0);
  return [...sums].map(([name, micros]) => ({ name, share: micros / busy })).sort((a, b) => b.share - a.share);
}

/** The last folders and the name of a script. */
function shortened(url: string): string {
  return url.split("/").slice(-3).join("/");
}

/** Functions by their own time. */
export function summarize(profile: Profile, fromMicros = 0): readonly Share[] {
  const names = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === "" ? "" : ` ${shortened(url)}:${lineNumber + 1}`;
      return [id, `${functionName || "(anonymous)"}${place}`];
    }),
  );
  return sumBy(profile, fromMicros, (id) => names.get(id) ?? "(unknown)");
}

/** Files by the time of their functions and of what Node ran for these: a socket's write counts for who wrote. */
export function summarizeFiles(profile: Profile, fromMicros = 0): readonly Share[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const ownerOf = (id: number): string => {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const { url = "", functionName = "" } = nodes.get(at)?.callFrame ?? {};
      if (url.startsWith("file:") || url.startsWith("/")) return shortened(url);
      if (url === "" && /^\((?:idle|program|garbage)/.test(functionName)) return functionName;
    }
    return "(Node itself)";
  };
  const owners = new Map(profile.nodes.map(({ id }) => [id, ownerOf(id)]));
  return sumBy(profile, fromMicros, (id) => owners.get(id) ?? "(unknown)");
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { from: { type: "string", default: "0" } },
    allowPositionals: true,
  });
  const fromMicros = Number(values.from) * 1e6;
  for (const file of positionals) {
    // The file is V8's own.
    const profile = JSON.parse(readFileSync(file, "utf8")) as Profile;
    for (const [title, shares] of [
      ["function", summarize(profile, fromMicros)],
      ["file", summarizeFiles(profile, fromMicros)],
    ] as const) {
      console.log(`\n   by ${title}: ${file}`);
      for (const { name, share } of shares.slice(0, 30))
        console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
    }
  }
}
