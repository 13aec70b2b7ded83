/**
 * The ledger over real Kafka: a gateway and two workers, of which one is killed and both are renamed under load, one after the other;
 * then an exporter is removed with a backlog. The sums over processes and partitions stay whole.
 */
import { expect } from "vitest";
import { buildRequest } from "../chaos/load.ts";
import { testFolder } from "../e2e/road.ts";
import { runRondo } from "../e2e/run-rondo.ts";
import { startSinkProcess } from "../e2e/sink-process.ts";
import { needs } from "../needs.ts";
import { prepareDeployment, type RolePorts } from "../rig/deployment.ts";
import { freePorts } from "../rig/free-port.ts";
import { sumOf } from "../rig/metrics-page.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { startKafka } from "../rig/servers/index.ts";

const ITEMS = 10;
const MINUTE = 60_000;

/** The names of the moment: those of the exporter and the pipeline that are renamed; without an exporter it is removed. */
interface Names {
  readonly pipeline: string;
  readonly exporter?: string;
}

const FIRST: Names = { pipeline: "traces", exporter: "otlp_http/moved" };
const RENAMED: Names = { pipeline: "traces/new", exporter: "otlp_http/new" };

function yaml(brokers: readonly string[], sinks: readonly number[], { pipeline, exporter }: Names) {
  const [kept, moved] = sinks.map((port) => `endpoint: "http://127.0.0.1:${port}"`);
  const from = (name: string, first: string) => (name === first ? "" : `renamed_from: ${first}, `);
  const exporters = ["otlp_http/kept", ...(exporter === undefined ? [] : [exporter])].join(", ");
  return ({ http }: Pick<RolePorts, "http">) => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}}
exporters:
  otlp_http/kept: {${kept}}
  ${exporter === undefined ? "" : `${exporter}: {${from(exporter, FIRST.exporter ?? "")}${moved}}`}
service: {pipelines: {${pipeline}: {${from(pipeline, FIRST.pipeline)}receivers: [otlp], exporters: [${exporters}]}}}
broker: {kafka: {brokers: ${JSON.stringify(brokers)}, topics: {partitions: 4, replication_factor: 1}}}
`;
}

needs("kafka")(
  "two workers, killed, renamed and without one of their exporters, keep one account",
  async () => {
    const kafka = await startKafka();
    const sinkPorts = await freePorts(2);
    const [kept = 0, moved = 0] = sinkPorts;
    const sink = await startSinkProcess([
      { name: "kept", speaks: "http", port: kept },
      { name: "moved", speaks: "http", port: moved },
    ]);
    const folder = testFolder();
    const deploy = (names: Names) =>
      prepareDeployment({ folder, gateways: 1, workers: 2, yaml: yaml(kafka.brokers, sinkPorts, names) });
    let now = await deploy(FIRST);
    try {
      await now.start();
      let requests = 0;
      const send = async (count: number) => {
        const client = httpClient({ port: now.gateways[0]?.ports.http ?? 0, timeoutMs: 8_000 });
        const answers = await Promise.all(
          Array.from({ length: count }, () =>
            client.send("traces", buildRequest("traces", 1, requests++ * ITEMS, ITEMS, requests % 16)),
          ),
        );
        client.close();
        expect(answers.map(({ kind }) => kind)).toEqual(answers.map(() => "accepted"));
      };
      const ledger = async () => {
        const { out } = await runRondo(["ledger", "--config", now.workers[0]?.config ?? "", "--json"]);
        // What the command prints, of which this is a part.
        return JSON.parse(out) as {
          readonly balances: boolean;
          readonly notes: readonly string[];
          readonly lines: readonly { readonly exporter: string; readonly removed: boolean; readonly entered: number }[];
          readonly lag: readonly { readonly records: number; readonly items: number; readonly removed: boolean }[];
        };
      };
      const atRest = async (items: number) => {
        const entered = async () => {
          const { lines, lag } = await ledger();
          const rows = lines.filter(({ removed }) => !removed).map((line) => line.entered);
          return lag.every(({ records, removed }) => removed || records === 0) && rows.every((sum) => sum === items);
        };
        await expect.poll(entered, { timeout: 30_000, interval: 500 }).toBe(true);
        const page = await ledger();
        expect(page).toMatchObject({ balances: true, notes: [] });
        return page;
      };

      const load = send(60);
      await now.workers[0]?.kill();
      await load;
      now.workers[0]?.launch();
      await send(20);
      await atRest(80 * ITEMS);

      // All old processes but one worker are replaced under load; it goes on beside its renamed peer until it is killed.
      const old = now.workers[1];
      await Promise.all([now.gateways[0]?.stop(), now.workers[0]?.stop()]);
      now = await deploy(RENAMED);
      now.gateways[0]?.launch();
      now.workers[0]?.launch();
      await Promise.all([now.gateways[0]?.ready(), now.workers[0]?.ready()]);
      const mixed = send(60);
      await old?.kill();
      await mixed;
      now.workers[1]?.launch();
      await now.workers[1]?.ready();
      const page = await atRest(140 * ITEMS);
      expect(page.lines.map(({ exporter }) => exporter)).toEqual(["", "otlp_http/kept", "otlp_http/new"]);
      for (const name of ["kept", "moved"]) expect(await sink.client.ids(name, "traces")).toHaveLength(140 * ITEMS);
      expect(sumOf(await now.metrics(), "rondo_log_lag_records", {})).toBe(0);

      await now.stop();
      now = await deploy({ pipeline: RENAMED.pipeline });
      await now.start();
      await send(20);
      const removed = (await atRest(160 * ITEMS)).lag.find((one) => one.removed);
      expect(removed?.records).toBeGreaterThan(0);
      expect(removed?.items).toBeGreaterThan(0);
      await now.stop();
    } catch (thrown) {
      console.error(now.logTails());
      throw thrown;
    } finally {
      await now.kill();
      await sink.stop();
      await kafka.close();
    }
  },
  4 * MINUTE,
);
