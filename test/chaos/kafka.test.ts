/** A short selection of what `npm run chaos` does over Kafka and Redis; docs/development.md says how to run the long one. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { testFolder } from "../e2e/road.ts";
import { suiteNeeds } from "../needs.ts";
import { runOutage } from "./outage-run.ts";
import { runSelection } from "./selection.cases.ts";

const MINUTE = 60_000;

suiteNeeds(
  "kafka",
  "redis",
  "alertmanager",
)("a deployment over three nodes of Kafka", () => {
  test(
    "loses nothing and tells no false word, whatever is broken",
    async () => {
      const rounds = { F1: 1, F3: 1, F5: 1, F7: 1, F8: 1, F13: 1 };
      const found = await runSelection({ broker: "kafka3", seed: 4, rounds, folder: join(testFolder(), "rounds") });
      expect(found.problems).toEqual([]);
      expect(found.results).toHaveLength(6);
    },
    9 * MINUTE,
  );

  test(
    "tells Alertmanager of an outage that is replayed in real time: each episode once, in its time",
    async () => {
      const { problems, episodes } = await runOutage({ seed: 1, speed: 40, folder: join(testFolder(), "outage") });
      expect(problems).toEqual([]);
      expect(episodes).toHaveLength(6);
    },
    5 * MINUTE,
  );
});
