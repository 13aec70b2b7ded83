import { Fault } from "@rondo/core";
import { FakeClock, settled } from "@rondo/testkit";
import { describe, expect, test } from "vitest";
import { Appender } from "./appender.ts";
import { Cluster } from "./cluster.ts";
import type { Compression } from "./codecs/table.ts";
import { StubKafka } from "./stub-kafka.cases.ts";

const records = (...texts: readonly string[]) =>
  texts.map((text) => ({ key: null, headers: {}, value: Buffer.from(text) }));
const allowed = () => undefined;

interface Options {
  readonly brokers?: number;
  readonly queueBytes?: number;
  readonly compression?: Compression;
}

function setup(options: Options = {}) {
  const clock = new FakeClock();
  const kafka = new StubKafka(clock, options.brokers);
  kafka.topic("t", 2);
  const cluster = new Cluster({ make: kafka.make, clock, bootstrap: kafka.bootstrap });
  const appender = new Appender({
    cluster,
    clock,
    batchBytes: 4 << 20,
    queueBytes: options.queueBytes ?? 1 << 20,
    compression: options.compression ?? "none",
  });
  const produces = () => kafka.requests.filter((one) => one.startsWith("Produce")).length;
  return { clock, kafka, cluster, appender, produces };
}

test("calls of one turn share a batch, in their order, and each is told its own offset", async () => {
  const { kafka, appender, produces } = setup();
  kafka.appendTime = 77;
  const appended = ["a", "b", "c"].map((text) => appender.append("t", 0, records(text, `${text}2`), allowed));
  expect(await Promise.all(appended)).toEqual(
    [0, 2, 4].map((baseOffset) => ({ baseOffset, timestamp: 77, returned: true })),
  );
  expect(kafka.texts("t")).toEqual(["a", "a2", "b", "b2", "c", "c2"]);
  expect(produces()).toBe(1);
});

test("a topic that keeps its writers' clocks gets ours", async () => {
  const { clock, appender } = setup();
  expect(await appender.append("t", 0, records("a"), allowed)).toEqual({
    baseOffset: 0,
    timestamp: clock.now(),
    returned: true,
  });
});

describe("after a failure", () => {
  test.each([6, 7, 19, "broken"] as const)("%s is tried again before what came later", async (mishap) => {
    const { clock, kafka, appender } = setup();
    kafka.mishaps["Produce"] = [mishap, mishap];
    const first = appender.append("t", 0, records("a"), allowed);
    await settled();
    const second = appender.append("t", 0, records("b"), allowed);
    await clock.advance(200);
    expect([(await first).baseOffset, (await second).baseOffset]).toEqual([0, 1]);
    expect(kafka.texts("t")).toEqual(["a", "b"]);
  });

  // kafkajs forgets a partition whose leader moved to a broker that has answered already, and says that all went well.
  test("a partition whose leader moved is asked for and written there", async () => {
    const { clock, kafka, appender } = setup({ brokers: 2 });
    await appender.append("t", 0, records("a"), allowed);
    kafka.log("t").leader = 2;
    const moved = appender.append("t", 0, records("b"), allowed);
    await clock.advance(100);
    expect((await moved).baseOffset).toBe(1);
    expect(kafka.requests.slice(-3)).toEqual(["Produce@1", "Metadata@1", "Produce@2"]);
  });

  test("a lost answer writes twice rather than never", async () => {
    const { clock, kafka, appender } = setup();
    kafka.mishaps["Produce"] = ["lost"];
    const appended = appender.append("t", 0, records("a"), allowed);
    await clock.advance(100);
    // Without `returned`: the bytes of the first try may still wait in a socket.
    expect(await appended).toEqual({ baseOffset: 1, timestamp: expect.any(Number) });
    expect(kafka.texts("t")).toEqual(["a", "a"]);
  });

  test("eight seconds are enough: a call fails then, and one that came later goes on in its place", async () => {
    const { clock, kafka, appender } = setup();
    kafka.mishaps["Produce"] = Array.from({ length: 1000 }, () => 19);
    const first = appender.append("t", 0, records("a"), allowed).catch((fault: Fault) => fault);
    await clock.advance(7_000);
    const later = appender.append("t", 0, records("b"), allowed);
    await clock.advance(2_000);
    expect(await first).toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/partition 0 of t failed: NOT_ENOUGH_REPLICAS/),
    });
    kafka.mishaps["Produce"] = [];
    await clock.advance(1_000);
    expect((await later).baseOffset).toBe(0);
    expect(kafka.texts("t")).toEqual(["b"]);
    expect(clock.pending).toBe(0);
  });

  test("a refusal is final, for this call alone", async () => {
    const { kafka, appender } = setup();
    kafka.mishaps["Produce"] = [29];
    await expect(appender.append("t", 0, records("a"), allowed)).rejects.toMatchObject({ code: "startup" });
    await expect(appender.append("missing", 0, records("a"), allowed)).rejects.toMatchObject({ code: "not_found" });
    await expect(appender.append("t", 9, records("a"), allowed)).rejects.toThrow(/no partition 9; it has 2/);
    expect((await appender.append("t", 0, records("b"), allowed)).baseOffset).toBe(0);
  });

  test("a joined batch that is too large goes out in its parts, of which only the large one fails", async () => {
    const { clock, kafka, appender, produces } = setup();
    kafka.mishaps["Produce"] = [10, 10];
    const calls = ["a", "b", "c"].map((text) => appender.append("t", 0, records(text), allowed));
    const outcomes = Promise.allSettled(calls);
    await clock.advance(1_000);
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    // The topic's limit is not the client's to keep: what it sent stays with it until that is set right.
    await expect(calls[0]).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching("max.message.bytes=4194304"),
    });
    expect(kafka.texts("t")).toEqual(["b", "c"]);
    expect(produces()).toBe(4);
  });
});

describe("a call's check", () => {
  const refuse = () => {
    throw new Fault("aborted", "taken away");
  };

  test("withdraws it and nobody else", async () => {
    const { kafka, appender } = setup();
    const calls = [appender.append("t", 0, records("a"), refuse), appender.append("t", 0, records("b"), allowed)];
    await expect(calls[0]).rejects.toMatchObject({ code: "aborted" });
    await calls[1];
    expect(kafka.texts("t")).toEqual(["b"]);
  });

  // Compressing takes a while, in which a claim may be lost: its records must not go out with those of others.
  test("that fails after it was compressed takes its records out of the batch", async () => {
    const { kafka, appender } = setup({ compression: "zstd" });
    let asked = 0;
    const once = () => {
      if (++asked > 1) refuse();
    };
    const long = "round ".repeat(200);
    const calls = [
      appender.append("t", 0, records("a", long), once),
      appender.append("t", 0, records("b", long), allowed),
    ];
    await expect(calls[0]).rejects.toMatchObject({ code: "aborted" });
    expect(await calls[1]).toMatchObject({ baseOffset: 0 });
    expect(kafka.texts("t")).toEqual(["b", long]);
  });

  // A process that slept while it waited for the leader's address must not write when it wakes.
  test("is made after everything that there is to wait for, and before every try", async () => {
    const { clock, kafka, appender, produces } = setup();
    let isMine = true;
    const check = () => {
      if (!isMine) refuse();
    };
    kafka.before = (name) => {
      if (name === "Metadata") isMine = false;
    };
    await expect(appender.append("t", 0, records("a"), check)).rejects.toMatchObject({ code: "aborted" });
    expect(produces()).toBe(0);
    isMine = true;
    kafka.before = () => undefined;
    kafka.mishaps["Produce"] = [19];
    const retried = appender.append("t", 0, records("a"), check);
    retried.catch(() => undefined);
    await settled();
    isMine = false;
    await clock.advance(100);
    await expect(retried).rejects.toMatchObject({ code: "aborted" });
    expect(produces()).toBe(1);
  });
});

test("the queue is bounded, over all partitions, and empties", async () => {
  const { kafka, appender } = setup({ queueBytes: 250 });
  const first = appender.append("t", 0, records("a".repeat(100)), allowed);
  await expect(appender.append("t", 1, records("b".repeat(100)), allowed)).rejects.toThrow(/the queue holds 250/);
  await first;
  await appender.append("t", 1, records("b".repeat(100)), allowed);
  expect(kafka.texts("t", 1)).toHaveLength(1);
});

test("close waits for what is under way and refuses the rest", async () => {
  const { clock, kafka, appender } = setup();
  kafka.mishaps["Produce"] = [19];
  const waiting = appender.append("t", 0, records("a"), allowed);
  waiting.catch(() => undefined);
  await settled();
  const closed = appender.close();
  await clock.advance(0);
  await closed;
  await expect(waiting).rejects.toMatchObject({ code: "aborted" });
  expect(kafka.texts("t")).toEqual([]);
});

// That kafkajs takes it for one is how an acknowledged record can be lost.
test("an answer that does not name the partition is no acknowledgement", async () => {
  const { clock, kafka, appender, produces } = setup();
  kafka.mishaps["Produce"] = ["nameless"];
  const appended = appender.append("t", 0, records("a"), allowed);
  await clock.advance(100);
  expect((await appended).baseOffset).toBe(0);
  expect(produces()).toBe(2);
});
