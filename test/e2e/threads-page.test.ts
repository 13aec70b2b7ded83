/** A worker's threads show one page, as if there were one thread: `prometheus` over Kafka, read by two workers that differ in nothing else. */
import { readRecording } from "@rondo/cli";
import { partitionRequest } from "@rondo/otlp";
import { expect, onTestFinished } from "vitest";
import { needs } from "../needs.ts";
import { freePorts } from "../rig/free-port.ts";
import { choosePorts, type Ports, prepareRondo, type RondoProcess } from "../rig/rondo-process.ts";
import { type Kafka, startKafka } from "../rig/servers/index.ts";
import { testFolder } from "./road.ts";
import { RECORDING, runRondo } from "./run-rondo.ts";

/** As many as there are threads: each thread reads one. */
const PARTITIONS = 2;

/** A pipeline, and with it a group and an enriched topic, of its own. */
const yaml = ({ grpc, http }: Ports, { brokers }: Kafka, pipeline: string, page: number) => `
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${grpc}"}, http: {endpoint: "127.0.0.1:${http}"}}}
exporters:
  prometheus: {endpoint: "127.0.0.1:${page}", namespace: federated_learning, send_timestamps: true, enable_open_metrics: true}
broker: {kafka: {brokers: ${JSON.stringify(brokers)}, topics: {partitions: ${PARTITIONS}}}}
service: {pipelines: {${pipeline}: {receivers: [otlp], exporters: [prometheus]}}}
`;

const OPEN = "application/openmetrics-text;version=1.0.0";

async function lines(page: number, accept: string): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${page}/metrics`, { headers: { accept } });
  expect(answer.status).toBe(200);
  return (await answer.text()).split("\n").filter((line) => line !== "");
}

/** The partitions that the metrics of the recording go to. */
async function partitions(): Promise<ReadonlySet<number>> {
  const recording = await readRecording(RECORDING);
  const metrics = recording.filter(({ signal }) => signal === "metrics");
  const parts = metrics.flatMap(({ body }) => partitionRequest("metrics", body, PARTITIONS, "default"));
  return new Set(parts.map(({ partition }) => partition));
}

needs("kafka")("the page over two threads is the page of one, every series once", async () => {
  expect((await partitions()).size).toBe(PARTITIONS);
  const kafka = await startKafka();
  onTestFinished(() => kafka.close());
  const [joined = 0, single = 0] = await freePorts(2);
  const start = async (command: "gateway" | "worker", pipeline: string, page: number, threads?: number) => {
    const ports = await choosePorts();
    const flags = [
      "--instance",
      `${command}-${pipeline}`,
      ...(threads === undefined ? [] : ["--threads", `${threads}`]),
    ];
    const process = prepareRondo(testFolder(), ports, yaml(ports, kafka, pipeline, page), { command, flags });
    process.launch();
    onTestFinished(() => process.kill().catch(() => undefined));
    await process.ready();
    return process;
  };
  const [gateway, two, one] = await Promise.all([
    start("gateway", "metrics/two", joined),
    start("worker", "metrics/two", joined, 2),
    start("worker", "metrics/one", single, 1),
  ]);
  await replayOver(gateway);
  const delivered = async (worker: RondoProcess) =>
    (await worker.metrics()).find(({ name }) => name === "rondo_items_delivered_total")?.value;
  for (const worker of [two, one]) await expect.poll(() => delivered(worker), { timeout: 30_000 }).toBe(151);
  for (const accept of ["text/plain", OPEN]) {
    const shown = await lines(joined, accept);
    expect(new Set(shown).size).toBe(shown.length);
    expect(shown.toSorted()).toEqual((await lines(single, accept)).toSorted());
  }
  expect((await lines(joined, OPEN)).at(-1)).toBe("# EOF");
  expect(
    (await lines(joined, "text/plain")).filter((line) => line.startsWith("federated_learning_training_accuracy")),
  ).toHaveLength(1);
  expect(two.logged().match(/exporter prometheus serves/g)).toHaveLength(1);
  expect(await Promise.all([gateway, two, one].map((process) => process.stop()))).toEqual([0, 0, 0]);
});

async function replayOver({ ports }: RondoProcess): Promise<void> {
  const to = ["--http", `http://127.0.0.1:${ports.http}`, "--grpc", `127.0.0.1:${ports.grpc}`];
  const { out } = await runRondo(["replay-recording", RECORDING, ...to, "--times", "keep", "--speed", "max"]);
  // Nobody takes the other signals.
  expect(out).toContain("151 data points: 151 acknowledged");
}
