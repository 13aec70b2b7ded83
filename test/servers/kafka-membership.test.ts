/** Members of a group that are killed or put to sleep: who stops for how long, and that nobody writes what is no longer his. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Broker, LogRecord } from "@rondo/broker";
import { sleep, systemClock } from "@rondo/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { suiteNeeds } from "../needs.ts";
import { openLog } from "../rig/open-log.ts";
import { type Kafka, startKafka } from "../rig/servers/index.ts";

const COPIER = fileURLToPath(new URL("kafka-copier.ts", import.meta.url));
const PARTITIONS = 4;
const never = new AbortController().signal;

suiteNeeds("kafka")("a group of processes", () => {
  let kafka: Kafka;
  let broker: Broker;
  let tests = 0;
  beforeAll(async () => {
    kafka = await startKafka();
    broker = await openLog(kafka.brokers);
  }, 60_000);
  afterAll(async () => {
    await broker.close();
    await kafka.close();
  });

  /** Two processes that copy, a writer that appends to every partition every 20 ms, and what has been copied so far. */
  async function copying() {
    const run = ++tests;
    const [group, from, to] = [`g${run}`, `from${run}`, `to${run}`];
    await broker.ensureTopics([from, to].map((name) => ({ name, partitions: PARTITIONS })));
    await broker.registerGroup({ group, topic: from, start: "earliest" });
    const children = new Set<ChildProcess>();
    const start = async (name: string) => {
      const args = ["--conditions=source", COPIER, kafka.brokers[0] ?? "", name, group, from, to, "rondo.state"];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      children.add(child);
      await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
      return child;
    };
    const stop = new AbortController();
    let written = 0;
    const writing = (async () => {
      while (!stop.signal.aborted) {
        const record = { headers: {}, value: Buffer.from(String(written)) };
        await Promise.all(Array.from({ length: PARTITIONS }, (_, one) => broker.append(from, one, [record])));
        written++;
        await sleep(systemClock, 20, stop.signal);
      }
    })();
    const copies = async (partition: number) => {
      const found: LogRecord[] = [];
      for (;;) {
        const more = await broker.read(to, partition, (found.at(-1)?.offset ?? -1) + 1, 1 << 20);
        if (more.length === 0) return found;
        found.push(...more);
      }
    };
    const all = () => Promise.all(Array.from({ length: PARTITIONS }, (_, one) => copies(one)));
    return {
      start,
      /** The copies of each partition, once everything written is among them. */
      async finish(): Promise<readonly (readonly LogRecord[])[]> {
        stop.abort();
        await writing;
        const isWhole = async () => (await all()).every((one) => new Set(one.map(originOf)).size === written);
        await expect.poll(isWhole, { timeout: 30_000 }).toBe(true);
        return await all();
      },
      [Symbol.asyncDispose]: async () => {
        stop.abort();
        await writing;
        for (const child of children) child.kill("SIGKILL");
      },
    };
  }

  const originOf = ({ headers }: LogRecord) => headers["origin"];
  const pause = (ms: number) => sleep(systemClock, ms, never);
  /** The longest time without a copy, milliseconds. */
  const longestGap = (records: readonly LogRecord[]) =>
    records.reduce((gap, { timestamp }, at) => Math.max(gap, timestamp - (records[at - 1]?.timestamp ?? timestamp)), 0);
  const holders = (records: readonly LogRecord[]) => [...new Set(records.map(({ headers }) => headers["by"]))];
  const generationsGrow = (records: readonly LogRecord[]) =>
    records.every(
      ({ headers }, at) => Number(headers["generation"]) >= Number(records[at - 1]?.headers["generation"] ?? 0),
    );

  test("one that is killed and started again stops its partitions for two seconds at most, and nobody else's", async () => {
    await using run = await copying();
    const [first] = await Promise.all([run.start("one"), run.start("two")]);
    await pause(3_000);
    const killedAt = Date.now();
    first.kill("SIGKILL");
    await run.start("one");
    await pause(4_000);
    const partitions = (await run.finish()).map((records) =>
      records.filter(({ timestamp }) => timestamp > killedAt - 500),
    );
    const gaps = partitions.map((records) => ({ gap: longestGap(records), by: holders(records) }));
    expect(gaps.filter(({ by }) => by.join() === "two").length).toBeGreaterThan(0);
  }, 60_000);

  test("one that sleeps past its session writes nothing when it wakes, and comes back", async () => {
    await using run = await copying();
    const [first] = await Promise.all([run.start("one"), run.start("two")]);
    await pause(3_000);
    first.kill("SIGSTOP");
    await pause(9_000);
    first.kill("SIGCONT");
    await pause(4_000);
    const partitions = await run.finish();
    for (const records of partitions) expect(generationsGrow(records)).toBe(true);
    expect(new Set(partitions.flatMap((records) => records.slice(-5).flatMap(({ headers }) => headers["by"])))).toEqual(
      new Set(["one", "two"]),
    );
  }, 60_000);

  test("members that come and go in order repeat nothing, reorder nothing and never stop for long", async () => {
    await using run = await copying();
    const members = [await run.start("one")];
    for (const name of ["two", "three", "four", "five", "six"]) {
      members.push(await run.start(name));
      await pause(1_000);
      if (members.length > 2) members.shift()?.kill("SIGTERM");
      await pause(1_000);
    }
    for (const records of await run.finish()) {
      const origins = records.map((record) => Number(originOf(record)));
      expect(origins).toEqual(origins.map((_, at) => at));
      expect(generationsGrow(records)).toBe(true);
      expect(longestGap(records)).toBeLessThan(3_000);
    }
  }, 60_000);
});
