/** `rondo replay` over Kafka: beside the workers, with its position in `rondo.state`, and nothing of it left behind. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, enrichedHeaders, exporterGroup } from "@rondo/broker";
import { namedSpans } from "@rondo/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runRondo } from "../e2e/run-rondo.ts";
import { suiteNeeds } from "../needs.ts";
import { openLog } from "../rig/open-log.ts";
import { type Kafka, startKafka } from "../rig/servers/index.ts";

const TOPIC = "otlp_spans.enriched";
const RECORDS = 60;
/** When what was in the first record was taken in; a minute later for each that follows. */
const BEGAN = Date.parse("2026-11-25T10:00:00Z");

suiteNeeds("kafka")("a replay over Kafka", () => {
  let kafka: Kafka;
  let broker: Broker;
  const folder = mkdtempSync(join(tmpdir(), "rondo-replay-kafka-"));
  const [config, capture] = [join(folder, "rondo.yaml"), join(folder, "capture.ndjson")];
  beforeAll(async () => {
    kafka = await startKafka();
    broker = await openLog(kafka.brokers);
    await broker.ensureTopics([{ name: TOPIC, partitions: 3 }]);
    await broker.registerGroup({ group: exporterGroup("traces", "debug"), topic: TOPIC, start: "earliest" });
    for (let minute = 0; minute < RECORDS; minute++) {
      const [partition, raw] = [minute % 3, Math.floor(minute / 3)];
      const at = BEGAN + minute * 60_000;
      const headers = enrichedHeaders({ tenant: "default", items: 1, origin: `${partition}:${raw}:0/1`, at });
      await broker.append(TOPIC, partition, [{ headers, value: namedSpans([`span-${minute};`]) }]);
    }
    writeFileSync(
      config,
      `receivers: {otlp: {protocols: {http: }}}
exporters: {debug: {capture_file: ${capture}}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
broker: {kafka: {brokers: ["${kafka.brokers[0]}"]}}
`,
    );
  }, 90_000);
  afterAll(async () => {
    await broker.close();
    await kafka.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const spans = () =>
    readFileSync(capture, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      // What the debug exporter writes.
      .map((line) => Buffer.from((JSON.parse(line) as { body: string }).body, "base64").toString("latin1"))
      .flatMap((body) => [...body.matchAll(/span-(\d+);/g)].map(([, minute]) => Number(minute)));

  test("sends the span, oldest first over all partitions, and nobody's position moves", async () => {
    const [from, to] = [10, 40].map((minute) => new Date(BEGAN + minute * 60_000).toISOString());
    const before = await broker.position(exporterGroup("traces", "debug"));
    const call = ["replay", "--pipeline", "traces", "--from", from ?? "", "--to", to ?? "", "--run", "r1"];
    const { code, out, err } = await runRondo([...call, "--config", config, "--log-level", "warn"], {
      timeoutMs: 60_000,
    });
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("debug: 30 records, 30 items: 30 delivered, 0 refused");
    const sent = spans();
    expect(sent.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index + 10));
    // Each partition has a chain of its own: between them the order is that of the reading, give or take a request.
    for (let partition = 0; partition < 3; partition++) {
      const own = sent.filter((minute) => minute % 3 === partition);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
    expect(await broker.position(exporterGroup("traces", "debug"))).toEqual(before);
    expect((await broker.groups()).map(({ group }) => group)).toEqual([exporterGroup("traces", "debug")]);
    expect(await broker.state.list("")).toEqual([]);
    const ledger = await runRondo(["ledger", "--config", config], { timeoutMs: 60_000 });
    expect(ledger.out).not.toContain("replay");
  }, 120_000);

  test("two of one name at once are one too many", async () => {
    const held = { pid: process.pid, started: "", boot: "", host: "elsewhere", beat: 0 };
    const key = "instances/replay_2Fr2";
    let beat = 0;
    const beating = setInterval(() => {
      void broker.state.put([{ key, value: Buffer.from(JSON.stringify({ ...held, beat: ++beat })) }]);
    }, 300);
    await broker.state.put([{ key, value: Buffer.from(JSON.stringify(held)) }]);
    const call = ["replay", "--pipeline", "traces", "--from", "-1h", "--run", "r2", "--config", config];
    const { code, err } = await runRondo(call, { timeoutMs: 60_000 });
    clearInterval(beating);
    expect(code).toBe(1);
    expect(err).toContain("rondo: run r2 is under way in another process");
  }, 120_000);
});
