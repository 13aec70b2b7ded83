/** The contract of components that keep state, over a real Kafka: checkpoints in a compacted topic, acknowledged before the commit. */
import { openKafka } from "@rondo/broker/kafka";
import { silentLog, systemClock } from "@rondo/core";
import { encodeRequest } from "@rondo/otlp/codec";
import { deltaToCumulative } from "@rondo/processors";
import { keepContract, PARTITIONS } from "@rondo/testkit/keep-contract";
import fc from "fast-check";
import { afterAll, beforeAll } from "vitest";
import { inMemory } from "../../packages/worker/src/keep.cases.ts";
import { suiteNeeds } from "../needs.ts";
import { type Kafka, startKafka } from "../rig/servers/index.ts";

/** Deltas of three streams, in any order. */
const requests = fc
  .array(fc.record({ name: fc.constantFrom("a", "b", "c"), time: fc.nat({ max: 200 }), asInt: fc.nat({ max: 9 }) }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((points) => {
    const metrics = points.map(({ name, time, asInt }) => {
      return { name, sum: { aggregationTemporality: 1, dataPoints: [{ timeUnixNano: time, asInt }] } };
    });
    // Lists that are left out are empty ones.
    return encodeRequest("metrics", { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] } as never);
  });

suiteNeeds("kafka")("components that keep state, over Kafka", () => {
  let kafka: Kafka;
  let histories = 0;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 60_000);
  afterAll(() => kafka.close());

  const values = { max_stale: 3_600_000, max_streams: 100 };
  keepContract(
    "deltatocumulative",
    { type: deltaToCumulative, signal: "metrics", values, request: requests },
    {
      run: inMemory.run,
      runs: 8,
      async open() {
        const prefix = `history${histories++}.`;
        const broker = await openKafka({
          ...{ brokers: kafka.brokers, clientId: `rondo/test/${prefix}/0`, evict: false },
          ...{ clock: systemClock, log: silentLog, random: Math.random },
          topics: { partitions: PARTITIONS },
        });
        return { broker, prefix, dispose: () => broker.close() };
      },
    },
  );
});
