/**
 * Record batches in every compression, between Rondo and what others have: Kafka's own Java client writes and reads them, and a
 * Collector's kafka exporter writes them. What a broker makes of batches that it does not take is asked of a real one as well.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogRecord } from "@rondo/broker";
import { type Compression, type KafkaBroker, openKafka } from "@rondo/broker/kafka";
import { silentLog, systemClock } from "@rondo/core";
import { Kafka as Client, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildRequest } from "../chaos/load.ts";
import { needs, suiteNeeds, tool } from "../needs.ts";
import { startWritingCollector } from "../rig/collector-kafka.ts";
import { itemTexts } from "../rig/item-texts.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { type Kafka, startKafka } from "../rig/servers/index.ts";

const COMPRESSIONS: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];
/** Lines that compress well, in more than one block of any format. */
const LINES = Array.from(
  { length: 3_000 },
  (_, index) => `client ${index % 7} finished round ${index}, ${"x".repeat(40)}`,
);

const PEER = new URL("./kafka/JavaClient.java", import.meta.url).pathname;

/** Runs Kafka's own client to its end, and resolves with what it wrote. */
async function javaClient(args: readonly string[], input = ""): Promise<string> {
  const options = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"];
  const child = spawn("java", [...options, "-cp", join(tool("kafka"), "*"), PEER, ...args]);
  const wrote: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on("data", (bytes: Buffer) => wrote.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => said.push(bytes));
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`the Java client ended with ${code}: ${Buffer.concat(said)}`);
  return Buffer.concat(wrote).toString();
}

suiteNeeds("kafka")("compressed batches", () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 60_000);
  afterAll(() => kafka.close());

  const opened = (compression: Compression, topic: string): Promise<KafkaBroker> =>
    openKafka({
      ...{ brokers: kafka.brokers, clientId: "rondo/compression/test/0", clock: systemClock, log: silentLog },
      ...{ random: Math.random, compression, stateTopic: `${topic}.state` },
    });
  const all = async (broker: KafkaBroker, topic: string): Promise<readonly LogRecord[]> => {
    const found: LogRecord[] = [];
    const { high } = await broker.watermarks(topic, 0);
    for (let next = 0; next < high; next = (found.at(-1)?.offset ?? next) + 1) {
      found.push(...(await broker.read(topic, 0, next, 1 << 20)));
    }
    return found;
  };
  const textOf = ({ value }: LogRecord) => Buffer.from(value).toString();

  test.each(COMPRESSIONS)("%s: what Rondo writes is read by itself and by the Java client", async (compression) => {
    const topic = `ours.${compression}`;
    const broker = await opened(compression, topic);
    try {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      const records = LINES.map((line) => ({ headers: { n: "1" }, value: Buffer.from(line) }));
      await broker.append(topic, 0, records);
      // Larger than any block, and from pieces, as a gateway gathers them.
      const pieces = Array.from({ length: 30 }, (_, index) => Buffer.alloc(100_000, `piece ${index} `));
      await broker.append(topic, 0, [{ headers: {}, value: pieces }]);
      const large = Buffer.concat(pieces).toString();
      expect((await all(broker, topic)).map(textOf)).toEqual([...LINES, large]);
      const read = await javaClient(["read", kafka.brokers[0] ?? "", topic, String(LINES.length + 1)]);
      expect(read.trimEnd().split("\n")).toEqual([...LINES, large.trimEnd()]);
    } finally {
      await broker.close();
    }
  });

  test.each(COMPRESSIONS)("%s: what the Java client writes is read, keys and all", async (compression) => {
    const topic = `java.${compression}`;
    const broker = await opened("none", topic);
    try {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      const input = LINES.map((line, index) => `k${index}\t${line}\n`).join("");
      await javaClient(["write", kafka.brokers[0] ?? "", topic, compression], `${input}gone\tNULL\n`);
      const read = await all(broker, topic);
      expect(read.map(textOf)).toEqual([...LINES, ""]);
      expect(read.every(({ headers, fault }) => Object.keys(headers).length === 0 && fault === undefined)).toBe(true);
    } finally {
      await broker.close();
    }
  });

  // Behind every record stands a batch that marks the end of its transaction, and has an offset as a record has.
  test("of transactions the records are read, and the marks passed over", async () => {
    const topic = "transactions";
    const broker = await opened("none", topic);
    try {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      await javaClient(["transact", kafka.brokers[0] ?? "", topic, "lz4"], "k\ta\nk\tb\nk\tc\n");
      expect(await broker.watermarks(topic, 0)).toEqual({ low: 0, high: 6 });
      await broker.registerGroup({ group: "transactions", topic, start: "earliest" });
      const seen: (readonly [number, string])[] = [];
      const member = await broker.join(
        { group: "transactions", topic },
        async (claim) => {
          for (let got = await claim.read(10); got.length > 0; got = await claim.read(10)) {
            seen.push(...got.map((record) => [record.offset, textOf(record)] as const));
          }
        },
        (fault) => seen.push([-1, fault.message]),
      );
      await expect
        .poll(() => seen, { timeout: 10_000 })
        .toEqual([
          [0, "a"],
          [2, "b"],
          [4, "c"],
        ]);
      await broker.append(topic, 0, [{ headers: {}, value: Buffer.from("d") }]);
      await expect.poll(() => seen.at(-1)).toEqual([6, "d"]);
      await member.leave();
    } finally {
      await broker.close();
    }
  });

  // On the disk of the broker, which sends what stands there without looking at it.
  test("a batch that is damaged on disk becomes a record that says so, and what is behind it is read", async () => {
    const topic = "damaged";
    const lines: string[] = [];
    const log = { ...silentLog, error: (message: string) => lines.push(message) };
    const unreadable: string[] = [];
    const broker = await openKafka({
      ...{ brokers: kafka.brokers, clientId: "rondo/damage/test/0", clock: systemClock, log, random: Math.random },
      ...{ stateTopic: "damaged.state", onUnreadable: (name: string) => unreadable.push(name) },
    });
    try {
      await broker.ensureTopics([{ name: topic, partitions: 1 }]);
      for (const text of ["before", "damaged", "after"]) {
        await broker.append(topic, 0, [{ headers: {}, value: Buffer.from(text) }]);
      }
      const file = join(kafka.nodes[0]?.folder ?? "", "data", `${topic}-0`, "00000000000000000000.log");
      const bytes = readFileSync(file);
      const at = bytes.indexOf("damaged");
      expect(at).toBeGreaterThan(0);
      bytes.write("D", at);
      writeFileSync(file, bytes);
      await broker.registerGroup({ group: "damaged", topic, start: "earliest" });
      const seen: unknown[] = [];
      const member = await broker.join(
        { group: "damaged", topic },
        async (claim) => {
          for (let got = await claim.read(10); got.length > 0; got = await claim.read(10)) {
            for (const record of got) seen.push(record.fault === undefined ? textOf(record) : record.fault.message);
          }
        },
        (fault) => seen.push(fault),
      );
      const told = expect.stringMatching(/^what stands at offset 1 of damaged\/0 cannot be read: .*has the sum/);
      await expect.poll(() => seen, { timeout: 10_000 }).toEqual(["before", told, "after"]);
      expect([unreadable, lines]).toEqual([["damaged"], ["a batch cannot be read; going on behind it"]]);
      await member.leave();
    } finally {
      await broker.close();
    }
  });

  // A topic that somebody else made, with the broker's own limit of 1 MiB: told at once, not when the first large record comes.
  test("a topic whose limit is smaller than a record may be is refused with the way out", async () => {
    const admin = new Client({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "small", numPartitions: 1 }], waitForLeaders: true });
    await admin.disconnect();
    const broker = await opened("none", "refused");
    try {
      await expect(broker.ensureTopics([{ name: "small" }])).rejects.toMatchObject({
        code: "config",
        message: expect.stringMatching(/small.*1048588.*kafka-configs.*max\.message\.bytes=/),
      });
      const record = { headers: {}, value: Buffer.alloc(2 << 20, 7) };
      await expect(broker.append("small", 0, [record])).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(/MESSAGE_TOO_LARGE.*--topic small --add-config max\.message\.bytes=/),
      });
      // What is refused stands in nobody's way.
      expect((await broker.append("small", 0, [{ headers: {}, value: Buffer.from("a") }])).baseOffset).toBe(0);
    } finally {
      await broker.close();
    }
  });
});

needs("kafka", "otelcol")("what a Collector's kafka exporter writes is read, in each of its compressions", async () => {
  const kafka = await startKafka();
  const broker = await openKafka({
    ...{ brokers: kafka.brokers, clientId: "rondo/collector/test/0", clock: systemClock, log: silentLog },
    ...{ random: Math.random, topics: { partitions: 1 } },
  });
  try {
    await broker.ensureTopics([{ name: "otlp_logs" }, { name: "otlp_spans" }, { name: "otlp_metrics" }]);
    const sent = COMPRESSIONS.map((_, index) => buildRequest("logs", 1, index, 200, index * 200));
    for (const [index, compression] of COMPRESSIONS.entries()) {
      const collector = await startWritingCollector(kafka.brokers, compression);
      const client = httpClient({ port: collector.otlpHttpPort, timeoutMs: 20_000 });
      expect(await client.send("logs", sent[index] ?? Buffer.of())).toEqual({ kind: "accepted" });
      client.close();
      await collector.close();
    }
    const read: Uint8Array[] = [];
    for (let offset = 0; offset < COMPRESSIONS.length; offset++) {
      const [record] = await broker.read("otlp_logs", 0, offset, 1);
      expect(record?.fault).toBeUndefined();
      if (record !== undefined) read.push(record.value);
    }
    expect(
      itemTexts(
        "logs",
        read.map((value) => Buffer.from(value)),
      ),
    ).toEqual(itemTexts("logs", sent));
  } finally {
    await broker.close();
    await kafka.close();
  }
});
