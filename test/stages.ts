/** The stages of `npm test`, in order. Each runs whatever became of the ones before it. */

/** How a stage's result becomes numbers: its exit code is one check, or its tests were counted by `tally-reporter.ts`. */
export type Counted = "check" | "tests";

/** One stage: a command line whose first word is found in node_modules/.bin. */
export interface Stage {
  readonly name: string;
  readonly counted: Counted;
  readonly command: readonly [string, ...string[]];
}

function vitest(project: string): readonly [string, ...string[]] {
  return ["vitest", "run", "-c", "test/vitest.config.ts", "--project", project];
}

/** Checks first, because they are quick; then the tests that share nothing, then the ones that want the machine alone. */
export const STAGES: readonly Stage[] = [
  { name: "build", counted: "check", command: ["turbo", "run", "build", "--output-logs=errors-only"] },
  { name: "types", counted: "check", command: ["tsc", "-p", "tsconfig.test.json"] },
  { name: "style", counted: "check", command: ["biome", "check", "."] },
  { name: "dead code", counted: "check", command: ["knip", "--no-progress", "--no-config-hints"] },
  { name: "tests", counted: "tests", command: vitest("packages") },
  { name: "end to end", counted: "tests", command: vitest("end-to-end") },
];
