import { FakeClock } from "@rondo/testkit";
import { expect, test } from "vitest";
import { Appender } from "./appender.ts";
import { Cluster } from "./cluster.ts";
import { askRanges } from "./ranges.ts";
import { StubKafka } from "./stub-kafka.cases.ts";

async function setup() {
  const clock = new FakeClock();
  const kafka = new StubKafka(clock, 2);
  kafka.topic("a", 3);
  kafka.topic("b", 1);
  kafka.log("a", 2).leader = 2;
  const cluster = new Cluster({ make: kafka.make, clock, bootstrap: kafka.bootstrap });
  const appender = new Appender({ cluster, clock, batchBytes: 4 << 20, queueBytes: 1 << 20 });
  await appender.append("a", 1, [{ key: null, headers: {}, value: Buffer.from("x") }], () => undefined);
  return { clock, kafka, cluster };
}

test("every partition of every topic is answered for", async () => {
  const { clock, cluster } = await setup();
  const empty = { low: 0, high: 0 };
  expect(await askRanges(cluster, clock, ["a", "b"])).toEqual(
    new Map([
      ["a", [empty, { low: 0, high: 1 }, empty]],
      ["b", [empty]],
    ]),
  );
  await expect(askRanges(cluster, clock, ["a", "missing"])).rejects.toMatchObject({ code: "not_found" });
});

test("a change of leader is followed", async () => {
  const { clock, kafka, cluster } = await setup();
  await askRanges(cluster, clock, ["a"]);
  kafka.log("a", 0).leader = 2;
  kafka.down.add(kafka.bootstrap[0]?.port ?? 0);
  kafka.log("a", 1).leader = 2;
  const asked = askRanges(cluster, clock, ["a"]);
  await clock.advance(1_000);
  expect((await asked).get("a")).toHaveLength(3);
});
