/** Dead letters over Kafka: set aside by a running process, and looked at and sent again beside it. */
import { deadLetterTopic, RAW_TOPICS, rawHeaders } from "@rondo/broker";
import { idsIn, namedSpans } from "@rondo/testkit";
import { stubHttp } from "@rondo/testkit/exporter-contract";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { testFolder } from "../e2e/road.ts";
import { runRondo } from "../e2e/run-rondo.ts";
import { suiteNeeds } from "../needs.ts";
import { sumOf } from "../rig/metrics-page.ts";
import { openLog } from "../rig/open-log.ts";
import { httpClient } from "../rig/otlp-client.ts";
import { choosePorts, prepareRondo } from "../rig/rondo-process.ts";
import { type Kafka, startKafka } from "../rig/servers/index.ts";

suiteNeeds("kafka")("dead letters over Kafka", () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 60_000);
  afterAll(() => kafka.close());

  test("what a backend refuses and what nobody can read is there, and is replayed while the roles run", async () => {
    const backend = await stubHttp();
    backend.behave({ kind: "refuse", message: "too odd" });
    const ports = await choosePorts();
    const yaml = `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${ports.http}"}}}}
exporters: {otlp_http: {endpoint: "http://127.0.0.1:${backend.port}", retry_on_failure: {initial_interval: 50ms}}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
broker: {kafka: {brokers: ${JSON.stringify(kafka.brokers)}, topics: {partitions: 2, replication_factor: 1}}}
`;
    const rondo = prepareRondo(testFolder(), ports, yaml);
    onTestFinished(async () => {
      await rondo.kill().catch(() => undefined);
      await backend.stop();
    });
    rondo.launch();
    await rondo.ready();
    const client = httpClient({ port: ports.http, timeoutMs: 10_000, gzip: false });
    await client.send("traces", Buffer.from(namedSpans(["id-1;", "id-2;"])));
    const broker = await openLog(kafka.brokers);
    const headers = rawHeaders({ tenant: "site-7", via: "otlp", items: 3 });
    await broker.append(RAW_TOPICS.traces, 1, [{ headers, value: Buffer.from("no OTLP") }]);
    const lettered = async (component: string) =>
      sumOf(await rondo.metrics(), "rondo_items_dead_lettered_total", { component });
    await expect.poll(() => lettered("otlp_http"), { timeout: 20_000 }).toBe(2);
    await expect.poll(() => lettered(""), { timeout: 20_000 }).toBe(3);
    expect(await broker.partitions(deadLetterTopic(RAW_TOPICS.traces))).toBe(2);
    await broker.close();

    const dlq = (command: string, ...flags: readonly string[]) =>
      runRondo(["dlq", command, "--config", rondo.config, "--data", rondo.data, ...flags], { timeoutMs: 60_000 });
    const listed = await dlq("list");
    expect([listed.code, listed.err]).toEqual([0, ""]);
    expect(listed.out).toMatch(/^otlp_spans\.dlq +traces +– +invalid_item +site-7 +1 +3 /m);
    expect(listed.out).toMatch(/^otlp_spans\.enriched\.dlq +traces +otlp_http +backend_rejected +default +2 +2 /m);
    backend.behave({ kind: "accept" });
    const before = backend.received.length;
    const replayed = await dlq("replay", "--exporter", "otlp_http");
    expect([replayed.code, replayed.out]).toEqual([0, "2 letters were sent: 2 items delivered, 0 still refused\n"]);
    expect(backend.received.slice(before).flatMap(({ body }) => idsIn(body))).toEqual([1, 2]);
    const dropped = await dlq("drop", "--reason", "invalid_item");
    expect([dropped.code, dropped.out]).toEqual([0, "1 letters with 3 items were dropped\n"]);
    expect((await dlq("list")).out).toBe(
      "no dead letters wait\n2 items were replayed, 3 dropped (pipeline/invalid_item 3)\n",
    );
    // The partition went on behind what nobody could read.
    await client.send("traces", Buffer.from(namedSpans(["id-3;"])));
    await expect
      .poll(() => backend.received.flatMap(({ body }) => idsIn(body)).includes(3), { timeout: 20_000 })
      .toBe(true);
    client.close();
    expect(await rondo.stop()).toBe(0);
  }, 120_000);
});
