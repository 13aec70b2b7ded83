/** The recorded run in real backends, sent by the exporters that users name and read back by query. */
import { DEFAULT_TENANT, type Exporter, type Verdict } from "@rondo/core";
import { loki, otlp, otlphttp } from "@rondo/exporters";
import { countItems, type Signal } from "@rondo/otlp";
import { type DecodedItem, decodedItems, decodeRequest } from "@rondo/otlp/codec";
import { makeExporter } from "@rondo/testkit/exporter-contract";
import { expect } from "vitest";
import { readRecording } from "../../packages/cli/src/replay/recording.ts";
import { needs } from "../needs.ts";
import { startLoki, startPrometheus, startTempo } from "../rig/servers/index.ts";

const RECORDING = new URL("../../deploy/demo/recording.ndjson.gz", import.meta.url).pathname;
const ERROR = 17;
const LAST_ACCURACY = 0.9515859766277128;
const hex = (id: Uint8Array | undefined) => Buffer.from(id ?? []).toString("hex");

/** The recording's requests of one signal, in order. */
async function requests(signal: Signal): Promise<readonly Buffer[]> {
  const recording = await readRecording(RECORDING);
  return recording.filter((one) => one.signal === signal).map(({ body }) => body);
}

/** All items of those requests. */
async function items<S extends Signal>(signal: S): Promise<readonly DecodedItem<S>[]> {
  return (await requests(signal)).flatMap((body) => [...decodedItems(signal, decodeRequest(signal, body))]);
}

/** Sends the recording's requests of one signal and closes the exporter. Returns the verdicts that are not plain deliveries. */
async function send(exporter: Exporter, signal: Signal, tenant = DEFAULT_TENANT): Promise<readonly Verdict[]> {
  const odd: Verdict[] = [];
  for (const body of await requests(signal)) {
    const batch = { signal, tenant, items: countItems(signal, body), body };
    const verdict = await exporter.deliver(batch, new AbortController().signal);
    if (verdict.kind !== "settled" || verdict.drops.length > 0) odd.push(verdict);
  }
  await exporter.close();
  return odd;
}

needs("loki")(
  "Loki has every recorded log, those of the failed client under its trace, and each tenant's apart",
  async () => {
    const server = await startLoki({ tenants: true });
    try {
      const exporter = makeExporter(loki, { endpoint: server.url }, "logs");
      expect(await send(exporter, "logs", "site-1")).toEqual([]);
      const records = (await items("logs")).map(({ item }) => item);
      const times = records.map(({ timeUnixNano }) => Number(timeUnixNano) / 1e6);
      const span = { from: Math.min(...times) - 1000, to: Math.max(...times) + 1000, tenant: "site-1" };
      const all = await server.lines({ logql: '{service_name=~".+"}', ...span });
      expect(all.length).toBe(records.length);

      const [failed] = records.filter(({ severityNumber = 0 }) => severityNumber >= ERROR);
      if (failed === undefined) throw new Error("the recording has no error");
      const logql = `{service_name="fl-client"} | trace_id="${hex(failed.traceId)}" | severity_number >= ${ERROR}`;
      const found = await server.lines({ logql, ...span });
      expect(found.map(({ line }) => line)).toContain(failed.body?.stringValue);
      expect(await server.lines({ logql, ...span, tenant: "site-2" })).toEqual([]);
      // Without a tenant such a Loki takes nothing; it has not judged the data, which waits.
      const nobody = makeExporter(loki, { endpoint: server.url }, "logs");
      expect(await send(nobody, "logs")).toContainEqual(expect.objectContaining({ kind: "retry" }));
    } finally {
      await server.close();
    }
  },
);

needs("tempo")("Tempo has a recorded trace whole", async () => {
  const server = await startTempo();
  try {
    const exporter = makeExporter(otlp, { endpoint: `127.0.0.1:${server.otlpGrpcPort}`, tls: { insecure: true } });
    expect(await send(exporter, "traces")).toEqual([]);
    const spans = (await items("traces")).map(({ item }) => item);
    const byTrace = Map.groupBy(spans, ({ traceId }) => hex(traceId));
    const [largest = ["", []]] = [...byTrace].sort(([, one], [, other]) => other.length - one.length);
    const [id, sent] = largest;
    const ids = (of: readonly { readonly spanId: string }[]) => of.map(({ spanId }) => spanId).sort();
    const expected = ids(sent.map(({ spanId }) => ({ spanId: hex(spanId) })));
    await expect.poll(async () => ids(await server.trace(id))).toEqual(expected);
    expect(await server.trace(`${"0".repeat(31)}1`)).toEqual([]);
  } finally {
    await server.close();
  }
});

needs("prometheus")("Prometheus has the run's last accuracy, and its course", async () => {
  const server = await startPrometheus();
  try {
    const exporter = makeExporter(otlphttp, { endpoint: `${server.url}/api/v1/otlp` }, "metrics");
    expect(await send(exporter, "metrics")).toEqual([]);
    const points = (await items("metrics")).filter(({ metric }) => metric?.name === "training_accuracy");
    const times = points.map(({ item }) => Number(item.timeUnixNano) / 1e9);
    const [start, end] = [Math.min(...times), Math.max(...times)];
    const [last] = await server.query('training_accuracy{job_id="job-1"}', end);
    expect(last?.points).toEqual([[expect.closeTo(end), LAST_ACCURACY]]);
    const [course] = await server.queryRange("training_accuracy", { start, end, step: 5 });
    expect(course?.points.length).toBeGreaterThan(1);
  } finally {
    await server.close();
  }
});
