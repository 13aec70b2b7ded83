/** The consumer of the SDK on a real Kafka: members that come, go and die, records that stand twice, a broker that restarts. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Broker, enrichedHeaders, writeOrigin } from "@rondo/broker";
import { sleep, systemClock } from "@rondo/core";
import { encodeRequest } from "@rondo/otlp/codec";
import { type ConsumedBatch, type ConsumeOptions, consume } from "@rondo/sdk/consumer";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { suiteNeeds } from "../needs.ts";
import { openLog } from "../rig/open-log.ts";
import { type Kafka, startKafka } from "../rig/servers/index.ts";

const SERVICE = fileURLToPath(new URL("sdk-consumer-process.ts", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../packages/sdk/examples/slow-spans.ts", import.meta.url));
const README = fileURLToPath(new URL("../../packages/sdk/README.md", import.meta.url));
const PARTITIONS = 4;
const never = new AbortController().signal;

suiteNeeds("kafka")("the SDK's consumer", () => {
  let kafka: Kafka;
  let broker: Broker;
  let topics = 0;
  const children = new Set<ChildProcess>();
  beforeAll(async () => {
    kafka = await startKafka();
    broker = await openLog(kafka.brokers);
  }, 60_000);
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    children.clear();
  });
  afterAll(async () => {
    await broker.close();
    await kafka.close();
  });

  /** A topic of enriched logs of one's own. */
  async function newTopic(): Promise<string> {
    const name = `enriched-${++topics}`;
    await broker.ensureTopics([{ name, partitions: PARTITIONS }]);
    return name;
  }

  /** What a worker would append for the raw record at `offset`. */
  function write(topic: string, partition: number, offset: number, part = 0, parts = 1, items = 1): Promise<unknown> {
    const origin = writeOrigin({ partition, offset, part, parts });
    const headers = enrichedHeaders({ tenant: `site-${partition}`, items, origin, at: 1_000 + offset });
    return broker.append(topic, partition, [{ headers, value: Buffer.from(origin) }]);
  }

  /** A service in a process of its own, and the lines that it says. */
  async function service(group: string, topic: string, handleMs = 0) {
    const args = ["--conditions=source", SERVICE, kafka.brokers[0] ?? "", group, topic, String(handleMs)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    children.add(child);
    const said: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
    await expect.poll(() => said, { timeout: 20_000 }).toContain("joined");
    return { child, said, handed: () => said.filter((line) => /^\d/.test(line)) };
  }

  /** A consumer in this process that keeps what it gets. */
  function consumer(group: string, topic: string, more: Partial<ConsumeOptions<"logs">> = {}) {
    const batches: ConsumedBatch<"logs">[] = [];
    const faults: string[] = [];
    const options = {
      ...{ brokers: kafka.brokers, group, topic, signal: "logs", start: "earliest", sessionTimeoutMs: 6_000 },
      onBatch: (batch: ConsumedBatch<"logs">) => void batches.push(batch),
      onFault: ({ message }: { message: string }) => void faults.push(message),
      ...more,
    };
    // Spread over a union of sources, which TypeScript takes apart.
    const running = consume(options as ConsumeOptions<"logs">);
    return { running, batches, faults, origins: () => batches.map(({ origin }) => origin) };
  }

  test("one of two services is killed with batches in hand: nothing is lost, order stays, and only those come again", async () => {
    const topic = await newTopic();
    const group = `killed-${topic}`;
    const first = await service(group, topic, 5);
    const second = await service(group, topic, 5);
    const stop = new AbortController();
    const written: string[] = [];
    const writing = (async () => {
      for (let offset = 0; !stop.signal.aborted; offset++) {
        for (let partition = 0; partition < PARTITIONS; partition++) {
          // An earlier owner of the partition wrote the one before as well; every seventh raw record was left empty.
          if (offset % 5 === 4) await write(topic, partition, offset - 1, 0, 1, (offset - 1) % 7 === 0 ? 0 : 1);
          await write(topic, partition, offset, 0, 1, offset % 7 === 0 ? 0 : 1);
          if (offset % 7 !== 0) written.push(`${partition} ${partition}:${offset}:0/1`);
        }
        await sleep(systemClock, 10, stop.signal);
      }
    })();
    await expect.poll(() => first.handed().length > 50 && second.handed().length > 50, { timeout: 20_000 }).toBe(true);
    first.child.kill("SIGKILL");
    await sleep(systemClock, 1_000, never);
    const third = await service(group, topic, 5);
    await expect.poll(() => third.handed().length, { timeout: 30_000 }).toBeGreaterThan(50);
    stop.abort();
    await writing;
    const all = () => [first, second, third].flatMap(({ handed }) => handed());
    const missing = () => written.filter((line) => !new Set(all()).has(line));
    await expect.poll(missing, { timeout: 30_000 }).toEqual([]);
    const twice = all().length - new Set(all()).size;
    // 200 ms between commits at 5 ms a batch, of two partitions; a rebalance alone repeats nothing.
    expect(twice).toBeLessThan(200);
    expect(new Set(all()), "none that is empty").toEqual(new Set(written));
    for (const { handed } of [first, second, third]) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const offsets = handed()
          .filter((line) => line.startsWith(`${partition} `))
          .map((line) => Number(line.split(":")[1]));
        expect(offsets.filter((offset, at) => offset < (offsets[at - 1] ?? 0)).length).toBeLessThanOrEqual(1);
      }
    }
  }, 120_000);

  test("partitions that move take nothing with them: what is in hand is settled first", async () => {
    const topic = await newTopic();
    const group = `moved-${topic}`;
    const revoked: number[] = [];
    const one = consumer(group, topic, {
      onPartition: ({ partition, revoked: signal }) => signal.addEventListener("abort", () => revoked.push(partition)),
    });
    await one.running.joined;
    for (let offset = 0; offset < 50; offset++)
      for (let partition = 0; partition < PARTITIONS; partition++) await write(topic, partition, offset);
    const two = consumer(group, topic);
    await two.running.joined;
    await expect.poll(() => revoked.length).toBe(PARTITIONS / 2);
    for (let offset = 50; offset < 60; offset++)
      for (let partition = 0; partition < PARTITIONS; partition++) await write(topic, partition, offset);
    const all = () => [...one.origins(), ...two.origins()];
    await expect.poll(() => new Set(all()).size).toBe(60 * PARTITIONS);
    expect(all()).toHaveLength(60 * PARTITIONS);
    expect(two.batches.map(({ partition }) => partition).filter((partition) => !revoked.includes(partition))).toEqual(
      [],
    );
    await Promise.all([one.running.close(), two.running.close()]);
    expect([...one.faults, ...two.faults]).toEqual([]);
  }, 60_000);

  test("what a group has settled stays settled over a restart, though it is written once more", async () => {
    const topic = await newTopic();
    const group = `again-${topic}`;
    const first = consumer(group, topic);
    await write(topic, 1, 7, 0, 2);
    await write(topic, 1, 7, 1, 2);
    await expect.poll(first.origins).toEqual(["1:7:0/2", "1:7:1/2"]);
    await first.running.close();
    for (const [offset, part, parts] of [
      [7, 0, 2],
      [7, 1, 2],
      [8, 0, 1],
    ] as const)
      await write(topic, 1, offset, part, parts);
    const second = consumer(group, topic);
    await expect.poll(second.origins).toEqual(["1:8:0/1"]);
    expect(second.batches[0]).toMatchObject({
      tenant: "site-1",
      items: 1,
      at: 1_008,
      partition: 1,
      offset: 4,
      attempt: 1,
    });
    await second.running.close();
  }, 60_000);

  test("a group that begins with what comes from now on does not forget where it began", async () => {
    const topic = await newTopic();
    const group = `latest-${topic}`;
    await write(topic, 0, 1);
    const begun: number[] = [];
    const first = consumer(group, topic, { start: "latest", onPartition: ({ partition }) => begun.push(partition) });
    await expect.poll(() => begun.toSorted()).toEqual([0, 1, 2, 3]);
    await first.running.close();
    await write(topic, 0, 2);
    const second = consumer(group, topic, { start: "latest" });
    await expect.poll(second.origins).toEqual(["0:2:0/1"]);
    await second.running.close();
    const since = consumer(`since-${topic}`, topic, {
      start: new Date(second.batches[0]?.at === undefined ? 0 : Date.now() - 3_600_000),
    });
    await expect.poll(since.origins).toEqual(["0:1:0/1", "0:2:0/1"]);
    await since.running.close();
  }, 60_000);

  test("a poison batch stops its partition alone, and comes again after a restart", async () => {
    const topic = await newTopic();
    const group = `poison-${topic}`;
    await write(topic, 0, 1);
    await write(topic, 0, 2);
    await write(topic, 1, 1);
    const handed: string[] = [];
    const one = consumer(group, topic, {
      retry: { initialMs: 20, maxMs: 50 },
      onBatch: ({ origin }) => {
        if (origin === "0:1:0/1") throw new Error("poison");
        handed.push(origin);
      },
    });
    await expect.poll(() => one.faults.length).toBeGreaterThan(3);
    await expect.poll(() => handed).toEqual(["1:1:0/1"]);
    await one.running.close();
    const two = consumer(group, topic);
    await expect.poll(two.origins).toEqual(["0:1:0/1", "0:2:0/1"]);
    await two.running.close();
  }, 60_000);

  test("batches can be taken one after another, and acknowledged in any order", async () => {
    const topic = await newTopic();
    const { running } = consumer(`taken-${topic}`, topic, { onBatch: undefined, ack: undefined } as never);
    for (let offset = 0; offset < 20; offset++) await write(topic, 0, offset);
    const taken: ConsumedBatch<"logs">[] = [];
    for await (const batch of running) {
      taken.push(batch);
      if (taken.length === 20) break;
    }
    for (const batch of taken.toReversed()) batch.ack();
    await running.close();
    const after = consumer(`taken-${topic}`, topic);
    await write(topic, 0, 20);
    await expect.poll(after.origins).toEqual(["0:20:0/1"]);
    await after.running.close();
  }, 60_000);

  test("a topic that comes later is waited for", async () => {
    const { running, faults, origins } = consumer("early", "enriched-later");
    await expect.poll(() => faults.length, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(faults[0]).toBe("there is no topic enriched-later");
    await broker.ensureTopics([{ name: "enriched-later", partitions: PARTITIONS }]);
    await write("enriched-later", 3, 1);
    await expect.poll(origins, { timeout: 20_000 }).toEqual(["3:1:0/1"]);
    await running.close();
  }, 60_000);

  test("Kafka goes away and comes back: the consumer goes on by itself", async () => {
    const topic = await newTopic();
    const { running, batches, origins } = consumer(`restart-${topic}`, topic);
    await write(topic, 2, 1);
    await expect.poll(origins).toEqual(["2:1:0/1"]);
    const [node] = kafka.nodes;
    await node?.stop();
    await sleep(systemClock, 1_000, never);
    await node?.start();
    await expect
      .poll(
        () =>
          write(topic, 2, 2).then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true);
    await expect.poll(() => new Set(origins()), { timeout: 30_000 }).toContain("2:2:0/1");
    expect(batches.length).toBeLessThanOrEqual(4);
    await running.close();
  }, 90_000);

  test("the example of the README is the one that is here, and it runs", async () => {
    expect(readFileSync(README, "utf8")).toContain(readFileSync(EXAMPLE, "utf8").replace(/^\/\*\*.*\n/, ""));
    await broker.ensureTopics([{ name: "otlp_spans.enriched", partitions: 1 }]);
    const span = (name: string, endTimeUnixNano: bigint) => ({
      ...{ name, startTimeUnixNano: 0n, endTimeUnixNano },
      ...{ attributes: [], events: [], links: [] },
    });
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "trainer" } }], entityRefs: [] };
    const spans = [span("round 3", 2_500_000_000n), span("round 4", 800_000_000n)];
    const value = encodeRequest("traces", { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
    const headers = enrichedHeaders({ tenant: "site-a", items: 2, origin: "0:0:0/1", at: 1_000 });
    await broker.append("otlp_spans.enriched", 0, [{ headers, value }]);
    const child = spawn(process.execPath, ["--conditions=source", EXAMPLE, kafka.brokers[0] ?? ""], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.add(child);
    const said: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
    await expect.poll(() => said, { timeout: 20_000 }).toEqual(["site-a: trainer took 2500 ms for round 3"]);
    const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  }, 60_000);
});
