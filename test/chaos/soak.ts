/** A soak: rounds of random faults that end no process, for minutes, while every process's memory and open files are watched. */
import { anonymousBytes, openFiles } from "../rig/process-state.ts";
import { between, seededRandom } from "../rig/random.ts";
import type { Bench } from "./bench.ts";
import type { PlannedRound } from "./campaign.ts";
import { FAULTS } from "./faults/index.ts";

/** What one look saw of a process. */
interface Seen {
  readonly at: number;
  readonly bytes: number;
  readonly files: number;
}

const ENDLESS = ["F3", "F4", "F5", "F6", "F7", "F8", "F13"] as const;
/** More than fit into any time that is asked for. */
const MOST_ROUNDS = 10_000;
/** Memory that may be more in the last third than in the middle one, as a share and at least so much: what looks differ by. */
const NOISE = 0.1;
const NOISE_BYTES = 8 << 20;
/** Connections that are being made anew at the moment of a look. */
const NOISE_FILES = 12;

const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** What the processes of a run held, over its time. */
export class Soak {
  readonly #until: number;
  readonly #seen = new Map<string, Seen[]>();

  constructor(until: number) {
    this.#until = until;
  }

  /** Rounds as long as there is time. */
  *#planned(seed: number): Generator<PlannedRound> {
    const random = seededRandom(seed);
    for (let round = 0; round < MOST_ROUNDS && performance.now() < this.#until; round++) {
      const id = ENDLESS[between(random, 0, ENDLESS.length)] ?? "F5";
      yield { fault: FAULTS[id], round };
    }
  }

  /** The rounds, decided one by one. */
  rounds(seed: number): Iterable<PlannedRound> {
    return this.#planned(seed);
  }

  /** Looks at every process. */
  look({ processes }: Pick<Bench, "processes">): void {
    for (const { name, process } of processes) {
      try {
        const seen = { at: performance.now(), bytes: anonymousBytes(process.pid), files: openFiles(process.pid) };
        this.#seen.set(name, [...(this.#seen.get(name) ?? []), seen]);
      } catch {
        // Gone: the round says so.
      }
    }
  }

  /** What was seen, a line for each process, and what grew. */
  findings(): { readonly lines: readonly string[]; readonly problems: readonly string[] } {
    const problems: string[] = [];
    const lines = [...this.#seen].map(([name, seen]) => {
      const third = Math.floor(seen.length / 3);
      const [before, after] = [seen.slice(third, -third || undefined), seen.slice(-third || undefined)];
      const [from, to] = [before, after].map((looks) => middle(looks.map(({ bytes }) => bytes)));
      const [fewer, more] = [before, after].map((looks) => middle(looks.map(({ files }) => files)));
      const [grown = 0, held = 0] = [(to ?? 0) - (from ?? 0), from];
      if (grown > Math.max(NOISE * held, NOISE_BYTES))
        problems.push(`${name} grew from ${held >> 20} to ${(to ?? 0) >> 20} MiB`);
      if ((more ?? 0) - (fewer ?? 0) > NOISE_FILES) problems.push(`${name} had ${fewer} files open and then ${more}`);
      return `${name}: ${held >> 20} MiB in the middle third, ${(to ?? 0) >> 20} in the last; ${fewer} files, then ${more}`;
    });
    return { lines, problems };
  }
}
