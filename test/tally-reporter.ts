/** A Vitest reporter that writes the counts of a run to the file in RONDO_TALLY, and prints why tests were skipped. */
import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import { addTallies, NO_TESTS, type Tally } from "./tally.ts";

/** One module's tests; a module that cannot even be loaded is one failure. */
function tallyOf(module: TestModule, notes: string[]): Tally {
  let tally = { ...NO_TESTS };
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === "passed") tally.passed++;
    else if (result.state === "skipped") tally.skipped++;
    // Anything else, a test that never ended included, is not a pass.
    else tally.failed++;
    if (result.state === "skipped" && result.note !== undefined)
      notes.push(`skipped: ${test.fullName}: ${result.note}`);
  }
  const broken = module.errors().length + [...module.children.allSuites()].flatMap((suite) => suite.errors()).length;
  if (broken > 0) tally = addTallies(tally, { ...NO_TESTS, failed: broken });
  return tally;
}

/** Errors outside any test (an unhandled rejection, a crashed worker) count as failures too. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const notes: string[] = [];
    const tally = modules
      .map((module) => tallyOf(module, notes))
      .reduce(addTallies, { ...NO_TESTS, failed: unhandled.length });
    for (const note of notes) console.log(note);
    const file = process.env["RONDO_TALLY"];
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally));
  }
}
