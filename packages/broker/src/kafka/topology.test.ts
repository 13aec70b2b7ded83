import { FakeClock } from "@rondo/testkit";
import { describe, expect, test } from "vitest";
import { NodePool } from "./node-pool.ts";
import { StubKafka } from "./stub-kafka.cases.ts";
import { Topology } from "./topology.ts";

function setup(brokers = 1) {
  const clock = new FakeClock();
  const kafka = new StubKafka(clock, brokers);
  kafka.topic("t", 2);
  const topology = new Topology(new NodePool(kafka.make, clock), kafka.bootstrap);
  return { clock, kafka, topology };
}

describe("brokers that are gone", () => {
  test("are passed over while another answers", async () => {
    const { kafka, topology } = setup(3);
    await topology.leader("t", 0);
    kafka.down.add(9001);
    kafka.log("t").leader = 3;
    topology.forget("t");
    expect(await topology.leader("t", 0)).toEqual({ host: "stub", port: 9003 });
    expect(topology.brokers).toBe(3);
  });

  test("are named when none answers", async () => {
    const { kafka, topology } = setup();
    kafka.down.add(9001);
    await expect(topology.any()).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("no Kafka broker answers at stub:9001: connecting to broker stub:9001 failed"),
    });
  });

  test("are not knocked at again at once", async () => {
    const { clock, kafka } = setup();
    const pool = new NodePool(kafka.make, clock);
    kafka.down.add(9001);
    const [address = { host: "", port: 0 }] = kafka.bootstrap;
    await expect(pool.at(address)).rejects.toThrow(/KafkaJSConnectionError/);
    kafka.down.clear();
    // It is there again, and nobody has looked: what is known is why it was not.
    await expect(pool.at(address)).rejects.toThrow(/KafkaJSConnectionError/);
    await clock.advance(400);
    expect(await pool.at(address)).toBe(await pool.at(address));
    await pool.close();
    await expect(pool.at(address)).rejects.toMatchObject({ code: "aborted" });
  });

  test("and come back have a new connection", async () => {
    const { clock, kafka } = setup();
    const pool = new NodePool(kafka.make, clock);
    const [address = { host: "", port: 0 }] = kafka.bootstrap;
    const node = await pool.at(address);
    await pool.drop(node);
    expect(node.isConnected()).toBe(false);
    expect(await pool.at(address)).not.toBe(node);
  });
});

test("topics and partitions that are not there", async () => {
  const { kafka, topology } = setup();
  expect(await topology.leaders("none")).toBeUndefined();
  await expect(topology.leader("none", 0)).rejects.toMatchObject({ code: "not_found" });
  await expect(topology.leader("t", 2)).rejects.toThrow(/it has 2/);
  kafka.log("t").leader = -1;
  topology.forget("t");
  await expect(topology.leader("t", 0)).rejects.toMatchObject({ code: "unavailable" });
});

test("one question serves all that ask at once, and its answer those that ask later", async () => {
  const { kafka, topology } = setup();
  await Promise.all([0, 1, 0].map((partition) => topology.leader("t", partition)));
  await topology.leader("t", 1);
  expect(kafka.requests).toEqual(["Metadata@1"]);
  topology.forget("t");
  await topology.leader("t", 1);
  expect(kafka.requests).toHaveLength(2);
});
