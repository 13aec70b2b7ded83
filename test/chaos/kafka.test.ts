/** A short selection of what `npm run chaos` does over Kafka and Redis; docs/development.md says how to run the long one. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { testFolder } from "../e2e/road.ts";
import { suiteNeeds } from "../needs.ts";
import { type KafkaRoundResult, runKafkaRounds } from "./kafka-run.ts";
import { runOutage } from "./outage-run.ts";

const MINUTE = 60_000;

suiteNeeds(
  "kafka",
  "redis",
  "alertmanager",
)("a deployment over three nodes of Kafka", () => {
  test(
    "loses nothing and tells no false word while workers freeze and processes are killed",
    async () => {
      const results: KafkaRoundResult[] = [];
      const folder = join(testFolder(), "rounds");
      // A worker that sleeps past its session; an alert worker, then another kill, with Redis flushed.
      const misses = await runKafkaRounds({ seed: 4, from: 8, rounds: 3, folder }, (result) => results.push(result));
      const problems = results.flatMap((one) => one.problems.map((problem) => `round ${one.round}: ${problem}`));
      expect([...problems, ...misses]).toEqual([]);
      expect(results).toHaveLength(3);
    },
    5 * MINUTE,
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
