import { FakeClock } from "@rondo/testkit";
import { describe, expect, test } from "vitest";
import { Appender } from "./appender.ts";
import { Cluster } from "./cluster.ts";
import { StubKafka } from "./stub-kafka.cases.ts";

const record = (text: string) => ({ key: null, headers: { n: text }, value: Buffer.from(text) });

function setup(brokers = 1) {
  const clock = new FakeClock();
  const kafka = new StubKafka(clock, brokers);
  kafka.topic("t", 2);
  const cluster = new Cluster({ make: kafka.make, clock, bootstrap: kafka.bootstrap });
  const appender = new Appender({ cluster, clock, batchBytes: 4 << 20, queueBytes: 1 << 20 });
  const write = (...texts: readonly string[]) => appender.append("t", 0, texts.map(record), () => undefined);
  return { clock, kafka, cluster, write };
}

describe("a read", () => {
  test("begins where it is asked to, and is cut to the bytes asked for", async () => {
    const { cluster, write } = setup();
    await write("aaaa", "bbbb", "cccc");
    const offsets = async (from: number, bytes: number) =>
      (await cluster.read("t", 0, from, bytes)).map(({ offset }) => offset);
    expect(await offsets(0, 1)).toEqual([0]);
    expect(await offsets(0, 8)).toEqual([0, 1]);
    expect(await offsets(1, 100)).toEqual([1, 2]);
    expect(await offsets(3, 100)).toEqual([]);
    expect(await offsets(99, 100)).toEqual([]);
  });

  test("of what retention has removed begins with what is left", async () => {
    const { kafka, cluster, write } = setup();
    await write("a");
    await write("b");
    kafka.log("t").batches.shift();
    kafka.log("t").low = 1;
    expect(await cluster.watermarks("t", 0)).toEqual({ low: 1, high: 2 });
    expect(await cluster.read("t", 0, 0, 100)).toMatchObject([{ offset: 1, headers: { n: "b" } }]);
  });

  test("follows the leader", async () => {
    const { clock, kafka, cluster, write } = setup(2);
    await write("a");
    await cluster.read("t", 0, 0, 100);
    kafka.log("t").leader = 2;
    const read = cluster.read("t", 0, 0, 100);
    await clock.advance(100);
    expect(await read).toHaveLength(1);
  });
});

test("by time, what is younger than everything is the end", async () => {
  const { cluster, write } = setup();
  await write("a", "b");
  expect(await cluster.offsetSince("t", 0, 1_000)).toBe(2);
});
