/** The faults themselves: decided by their seed, told in a table, and results that add up. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { testFolder } from "../e2e/road.ts";
import { inTurn } from "./campaign.ts";
import { FAULT_IDS } from "./fault.ts";
import { FAULTS, faultsOf, faultTable, matrixRounds } from "./faults/index.ts";
import { roundLines } from "./report.ts";
import { isKept, keepResult, keptResults, sumLines } from "./results.ts";
import { drawRound, type RoundResult } from "./rounds.ts";

describe("a fault", () => {
  test.each(FAULT_IDS)("%s is the same for the same seed and round, and comes in all its variants", (id) => {
    const { embedded, kafka3 } = FAULTS[id];
    for (const variants of [embedded, kafka3]) {
      if (variants === undefined || variants.length === 0) continue;
      // Only what all of them have is looked at: nothing is run.
      const draw = (round: number) =>
        drawRound<never>(variants as Parameters<typeof drawRound<never>>[0], { seed: 3, fault: id, round });
      expect(draw(7).attack.text).toBe(draw(7).attack.text);
      const names = Array.from({ length: variants.length }, (_, round) => draw(round).variant);
      expect(new Set(names)).toEqual(new Set(variants.map(({ name }) => name)));
    }
  });

  test("has its rounds of the matrix, and the documentation has the table", () => {
    const rounds = (["embedded", "kafka3"] as const).flatMap((broker) =>
      faultsOf(broker).map((one) => matrixRounds(one, broker)),
    );
    expect(rounds.reduce((sum, some) => sum + some, 0)).toBe(100 + 11 * 20);
    const page = readFileSync(new URL("../../docs/development.md", import.meta.url), "utf8");
    expect(page).toContain(faultTable());
  });

  test("takes its turn among others, with rounds of its own", () => {
    const turns = inTurn([FAULTS.F1, FAULTS.F5], 3, 5).map(({ fault, round }) => `${fault.id} ${round}`);
    expect(turns).toEqual(["F1 3", "F5 3", "F1 4", "F5 4", "F1 5"]);
  });
});

describe("results", () => {
  const result: RoundResult = {
    ...{
      broker: "kafka3",
      fault: "F5",
      variant: "produce",
      round: 2,
      text: "answers lost",
      sent: 10,
      acked: 9,
      refused: 1,
    },
    ...{ again: { a: [2, 3] }, raw: 4, enriched: 0, own: [1], others: [2], readyMs: 7, drainMs: 800, tookMs: 9_000 },
    ...{ hit: undefined, problems: [] },
  };
  const failed = { ...result, round: 3, problems: ["1 acknowledged item was not delivered"] };

  test("of one commit add up, the last of a round counting", () => {
    const file = join(testFolder(), "results");
    const of = { commit: "c0ffee", seed: 1, long: false };
    keepResult(file, failed, of);
    keepResult(file, { ...failed, problems: [] }, of);
    keepResult(file, result, of);
    keepResult(file, failed, { ...of, commit: "other" });
    const kept = keptResults(file);
    expect(sumLines(kept).map((line) => line.split(";")[0])).toEqual([
      "c0ffee kafka3 F5: 2 passed, 0 failed",
      "other kafka3 F5: 0 passed, 1 failed",
    ]);
    expect(isKept(kept, { ...of, broker: "kafka3", fault: "F5", round: 2 })).toBe(true);
    expect(isKept(kept, { ...of, broker: "kafka3", fault: "F5", round: 4 })).toBe(false);
  });

  test("that failed say how to have the round again", () => {
    expect(roundLines(1, result)).toHaveLength(1);
    expect(roundLines(1, failed).slice(1)).toEqual([
      "       1 acknowledged item was not delivered",
      "       again: npm run chaos -- --broker kafka3 --fault F5 --from-round 3 --rounds 1 --seed 1",
    ]);
  });
});
