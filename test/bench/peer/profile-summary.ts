/** Sums a V8 CPU profile up: which functions the time went to, each with its share. `node profile-summary.ts FILE`. */
import { readFileSync } from "node:fs";

/** The parts of a .cpuprofile that are read; V8 writes them so. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function's own time. */
export interface Share {
  readonly name: string;
  /** Of the time that the process was not idle, 0 to 1. */
  readonly share: number;
}

/** Functions by their own time, the most expensive first; waiting is left out. */
export function summarize(profile: Profile): readonly Share[] {
  const names = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === "" ? "" : ` ${url.split("/").slice(-3).join("/")}:${lineNumber + 1}`;
      return [id, `${functionName || "(anonymous)"}${place}`];
    }),
  );
  const own = new Map<string, number>();
  profile.samples.forEach((id, index) => {
    const name = names.get(id) ?? "(unknown)";
    if (name !== "(idle)") own.set(name, (own.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0));
  });
  const busy = [...own.values()].reduce((sum, micros) => sum + micros, 0);
  return [...own].map(([name, micros]) => ({ name, share: micros / busy })).sort((a, b) => b.share - a.share);
}

if (import.meta.main) {
  for (const file of process.argv.slice(2)) {
    // The file is V8's own.
    const shares = summarize(JSON.parse(readFileSync(file, "utf8")) as Profile);
    for (const { name, share } of shares.slice(0, 40))
      console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
  }
}
