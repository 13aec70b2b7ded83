/** The consumer of docs/topics.md, run as it stands there with the stock client on a real Kafka. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { enrichedHeaders, writeOrigin } from "@rondo/broker";
import { openReader } from "@rondo/broker/kafka";
import { silentLog, systemClock } from "@rondo/core";
import { expect, onTestFinished } from "vitest";
import { needs } from "../needs.ts";
import { openLog } from "../rig/open-log.ts";
import { startKafka } from "../rig/servers/index.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TOPIC = "otlp_logs.enriched";

/** The one block of JavaScript on the page. */
function example(): string {
  const page = readFileSync(new URL("../../docs/topics.md", import.meta.url), "utf8");
  return /^```js\n(.*?)^```$/ms.exec(page)?.[1] ?? "";
}

needs("kafka")(
  "hands over every record once, over repetitions and over a restart",
  async () => {
    const kafka = await startKafka();
    onTestFinished(() => kafka.close());
    const broker = await openLog(kafka.brokers);
    onTestFinished(() => broker.close());
    await broker.ensureTopics([{ name: TOPIC, partitions: 2 }]);
    const write = (partition: number, offset: number, part = 0, parts = 1, items = 2, at = 1_000 + offset) => {
      const origin = writeOrigin({ partition, offset, part, parts });
      const headers = enrichedHeaders({ tenant: `site-${partition}`, items, origin, at });
      return broker.append(TOPIC, partition, [{ headers, value: Buffer.from(origin) }]);
    };
    const said: string[] = [];
    const start = (): ChildProcess => {
      const args = ["--input-type=module", "-", kafka.brokers[0] ?? "", TOPIC];
      const env = { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: "1" };
      const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["pipe", "pipe", "ignore"] });
      onTestFinished(() => void child.kill("SIGKILL"));
      child.stdin.end(example());
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line.startsWith("site-")) said.push(line);
      });
      return child;
    };

    for (const [offset, part, parts] of [
      [1, 0, 1],
      [2, 0, 2],
      [2, 1, 2],
      [1, 0, 1],
      [2, 0, 2],
      [2, 1, 2],
      [3, 0, 1],
    ] as const)
      await write(0, offset, part, parts);
    await write(0, 4, 0, 1, 0);
    const ours = enrichedHeaders({ tenant: "site-0", items: 2, origin: "rules/a/1", at: 1_004 });
    await broker.append(TOPIC, 0, [{ headers: ours, value: Buffer.of(1) }]);
    await write(1, 7);
    const first = start();
    const before = [
      ...["0:1:0/1", "0:2:0/2", "0:2:1/2", "0:3:0/1", "rules/a/1"].map((origin) => `site-0 2 ${origin}`),
      "site-1 2 1:7:0/1",
    ];
    await expect.poll(() => said.toSorted(), { timeout: 30_000 }).toEqual(before);
    // What was not committed would come again, as it should.
    const times = { sessionMs: 10_000, heartbeatMs: 1_000, rebalanceMs: 10_000 };
    const reader = openReader({
      brokers: kafka.brokers,
      clientId: "rig",
      clock: systemClock,
      log: silentLog,
      ...times,
    });
    onTestFinished(() => reader.close());
    const committed = async () => [...(await reader.commits({ group: "billing", topic: TOPIC }))].toSorted();
    await expect
      .poll(async () => (await committed()).map(([partition, { offset }]) => [partition, offset]), { timeout: 30_000 })
      .toEqual([
        [0, 9],
        [1, 1],
      ]);
    first.kill("SIGKILL");
    await new Promise((resolve) => first.once("close", resolve));

    await write(0, 3);
    await write(0, 5);
    await write(1, 7);
    // The raw topic was made anew.
    await write(1, 0, 0, 1, 2, 9_000);
    start();
    await expect
      .poll(() => said.toSorted(), { timeout: 60_000 })
      .toEqual([...before, "site-0 2 0:5:0/1", "site-1 2 1:0:0/1"].toSorted());
  },
  120_000,
);
