/**
 * Nothing that Rondo needs is there when it starts. Each role waits for what it cannot do without, says so once, tells the truth
 * when it is asked whether it is ready, and goes on when it comes.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MENTION_EVERY_MS } from "@rondo/delivery";
import { expect } from "vitest";
import { chaosYaml, sharedYaml } from "../chaos/config.ts";
import { buildRequest } from "../chaos/load.ts";
import { needs } from "../needs.ts";
import { type Deployment, prepareDeployment, type RoleProcess } from "../rig/deployment.ts";
import { freePorts } from "../rig/free-port.ts";
import { sumOf } from "../rig/metrics-page.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { type OtlpServer, serveGrpc, serveHttp } from "../rig/otlp-server.ts";
import { startAlertmanager, startKafka, startRedis } from "../rig/servers/index.ts";
import { testFolder } from "./road.ts";
import { logLines } from "./run-rondo.ts";

const MINUTE = 60_000;
const WAIT = { timeout: MINUTE, interval: 250 };
const RULES = `groups: [{name: always, rules: [{alert: Always, expr: vector(1)}]}]
`;

/** How long everything stays away; acceptance makes it half a minute each. */
const AWAY_MS = process.env["RONDO_LONG"] === undefined ? 2_000 : 30_000;

/** What a process answers when it is asked whether it is ready: the conditions that it lacks; undefined before it answers. */
async function lacks({ ports }: RoleProcess): Promise<readonly string[] | undefined> {
  const response = await fetch(`http://127.0.0.1:${ports.health}/`).catch(() => undefined);
  if (response === undefined) return undefined;
  // Of that shape by `healthPage`; a page of a process that is ready has no reasons.
  const { reasons = [] } = (await response.json()) as { readonly reasons?: readonly { readonly condition: string }[] };
  return reasons.map(({ condition }) => condition);
}

const lines = (one: RoleProcess, part: string) => logLines(one.logged()).filter((line) => line.includes(part));
const away = () => new Promise((resolve) => setTimeout(resolve, AWAY_MS));

/** Everything that ends with the test, in the order of its start. */
async function withServers(run: (servers: Awaited<ReturnType<typeof startServers>>) => Promise<void>): Promise<void> {
  const servers = await startServers();
  try {
    await run(servers);
  } finally {
    await Promise.all(Object.values(servers).map((one) => one.close()));
  }
}

async function startServers() {
  const [kafka, redis, alertmanager] = await Promise.all([startKafka(), startRedis(), startAlertmanager()]);
  return { kafka, redis, alertmanager };
}

needs("kafka", "redis", "alertmanager")(
  "Kafka, Redis, the backends and Alertmanager come one after the other: each role waits, says so once, and goes on",
  () =>
    withServers(async ({ kafka, redis, alertmanager }) => {
      const [node] = kafka.nodes;
      await Promise.all([node?.kill(), redis.kill(), alertmanager.kill()]);
      const folder = testFolder();
      const rules = join(folder, "rules.yml");
      writeFileSync(rules, RULES);
      const [grpc = 0, http = 0] = await freePorts(2);
      const shared = {
        ...{ brokers: kafka.brokers, partitions: 4, redis: redis.url, rules, alertmanager: alertmanager.url },
        ...{ interval: "1s", resend: "1s", lookback: "5m" },
      };
      const rondo: Deployment = await prepareDeployment({
        ...{ folder, gateways: 1, workers: 1, threads: 2, alertWorkers: 1 },
        yaml: (ports) =>
          chaosYaml(ports, { grpc, http }, sharedYaml({ ...shared, endpoint: `127.0.0.1:${ports.rules}` })),
      });
      const opened: OtlpServer[] = [];
      try {
        const [gateway] = rondo.gateways;
        const [worker] = rondo.workers;
        const [alerts] = rondo.alertWorkers;
        if (gateway === undefined || worker === undefined || alerts === undefined) throw new Error("a role is missing");
        for (const one of rondo.all) one.launch();
        const everyone = async () => (await Promise.all(rondo.all.map(lacks))).map((found) => found?.join());
        const nobody = ["started", `Kafka at ${kafka.brokers[0]}`].join();
        await expect.poll(everyone, WAIT).toEqual([nobody, nobody, nobody]);
        await away();
        expect(await everyone()).toEqual([nobody, nobody, nobody]);
        for (const one of rondo.all) expect(lines(one, "does not answer: waiting for it")).toHaveLength(1);

        // With Kafka alone clients are served, and workers do all but the windows.
        await node?.start();
        await gateway.ready();
        await expect
          .poll(() => lacks(worker), WAIT)
          .toEqual(expect.arrayContaining([expect.stringMatching(/Redis|thread/)]));
        for (const one of rondo.all) await expect.poll(() => lines(one, "is there: going on").length, WAIT).toBe(1);
        const served = performance.now();
        const client = httpClient({ port: gateway.ports.http, timeoutMs: 10_000, connections: 1 });
        expect(await client.send("logs", buildRequest("logs", 0, 0, 3, 1))).toEqual({ kind: "accepted" });
        client.close();
        await away();
        expect(await lacks(alerts)).not.toEqual([]);

        await redis.start();
        await Promise.all([worker.ready(), alerts.ready()]);

        // What cannot be delivered is kept and tried again, which is no reason to take a worker out of service.
        await away();
        expect(await lacks(worker)).toEqual([]);
        const said = lines(worker, "delivery failed and is tried again");
        const mentions = 1 + (performance.now() - served) / MENTION_EVERY_MS;
        // The partition may have moved between the threads while they came together.
        expect(said.length, "each exporter says it once, and again now and then").toBeLessThanOrEqual(4 * mentions);
        opened.push(await serveGrpc(grpc, () => "accepted"), await serveHttp(http, () => "accepted"));
        const delivered = async () => sumOf(await rondo.metrics(), "rondo_items_delivered_total", { signal: "logs" });
        await expect.poll(delivered, WAIT).toBe(6);

        expect(await lacks(alerts)).toEqual([]);
        await alertmanager.start();
        const told = async () => (await alertmanager.alerts()).map(({ labels }) => labels["alertname"]);
        await expect.poll(told, WAIT).toEqual(["Always"]);
        expect(await rondo.stop()).toEqual([0, 0, 0]);
      } catch (thrown) {
        throw new Error(rondo.logTails(), { cause: thrown });
      } finally {
        await rondo.kill();
        await Promise.all(opened.map((one) => one.close()));
      }
    }),
  6 * MINUTE,
);
