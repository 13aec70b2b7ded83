/** A Vitest reporter that writes a run's counts and failures to the file in RONDO_TALLY, and prints why tests were skipped. */
import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import { addTallies, NO_TESTS, type Tally } from "./tally.ts";

/** How much of an error the closing lines repeat, in characters: what was expected is in it, a printed diff is not. */
const ERROR_SHOWN = 1000;

/** A failure in the closing lines, where a log that was cut to its end still shows it. */
function failureOf(where: string, errors: readonly unknown[]): string {
  const texts = errors.map((error) =>
    typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error),
  );
  return `${where}: ${texts.join("; ").slice(0, ERROR_SHOWN)}`;
}

/** One module's tests; a module that cannot even be loaded is one failure. */
function tallyOf(module: TestModule, notes: string[], failures: string[]): Tally {
  const tally = { ...NO_TESTS };
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === "passed") tally.passed++;
    else if (result.state === "skipped") tally.skipped++;
    // Anything else, a test that never ended included, is not a pass.
    else {
      tally.failed++;
      failures.push(failureOf(`${module.relativeModuleId} > ${test.fullName}`, result.errors ?? []));
    }
    if (result.state === "skipped" && result.note !== undefined)
      notes.push(`skipped: ${test.fullName}: ${result.note}`);
  }
  const broken = [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())];
  for (const error of broken) failures.push(failureOf(module.relativeModuleId, [error]));
  return broken.length > 0 ? addTallies(tally, { ...NO_TESTS, failed: broken.length }) : tally;
}

/** Errors outside any test (an unhandled rejection, a crashed worker) count as failures too. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const notes: string[] = [];
    const failures = unhandled.map((error) => failureOf("outside any test", [error]));
    const tally = modules
      .map((module) => tallyOf(module, notes, failures))
      .reduce(addTallies, { ...NO_TESTS, failed: unhandled.length });
    for (const note of notes) console.log(note);
    const file = process.env["RONDO_TALLY"];
    if (file !== undefined) writeFileSync(file, JSON.stringify({ ...tally, failures }));
  }
}
