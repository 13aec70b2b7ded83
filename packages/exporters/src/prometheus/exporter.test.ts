import type { AnyExporterType, Batch, Exporter } from "@rondo/core";
import { readFields, silentLog } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { afterEach, expect, test } from "vitest";
import { gauge, metricsBatch, never, point, sampleMetrics, sum } from "../metrics.cases.ts";
import { recordingPlace } from "../place.cases.ts";
import { prometheusExporter } from "./exporter.ts";
import { servePage } from "./serve-page.ts";

const open: Exporter[] = [];
afterEach(async () => {
  for (const exporter of open.splice(0)) await exporter.close();
});

/** A started exporter on a free port, and its page. */
async function start(config: object = {}, clock = new FakeClock(), type: AnyExporterType = prometheusExporter()) {
  const place = recordingPlace();
  const values = readFields(type.fields, { endpoint: "127.0.0.1:0", ...config }, place);
  if (values === undefined) throw new Error(place.problems.join("; "));
  let url = "";
  const info = (said: string) => {
    url = / serves (\S+)$/.exec(said)?.[1] ?? url;
  };
  const log = { ...silentLog, info };
  const around = { id: "prometheus", signal: "metrics", pipeline: "metrics", clock, random: () => 0.5, log } as const;
  const exporter = type.create(values, around);
  open.push(exporter);
  await exporter.start?.();
  return {
    exporter,
    deliver: (batch: Batch) => exporter.deliver(batch, never()),
    scrape: async (accept = "*/*") => {
      const answer = await fetch(url, { headers: { accept } });
      return { type: answer.headers.get("content-type"), lines: (await answer.text()).trim().split("\n") };
    },
  };
}

const BACKEND = { "service.name": "backend", "service.instance.id": "b-0", zone: "eu" };

test("has the Collector's name, takes metrics alone, and never tries again", async () => {
  const { exporter } = await start();
  expect([prometheusExporter().type, prometheusExporter().signals]).toEqual(["prometheus", ["metrics"]]);
  expect(exporter.timeoutMs).toBe(0);
});

test("the newest values stand on the page, under the namespace", async () => {
  const { deliver, scrape } = await start({ namespace: "federated_learning", const_labels: { "my region": "r" } });
  const batch = metricsBatch([{ ...sum("x.y", [point(1), point(3, {}, 2)]), description: "Why." }], BACKEND);
  expect(await deliver(batch)).toEqual({ kind: "settled", drops: [] });
  const labels = 'instance="b-0",job="backend",my_region="r"';
  expect(await scrape()).toEqual({
    type: "text/plain; version=0.0.4; charset=utf-8",
    lines: [
      "# HELP federated_learning_target_info Target metadata",
      "# TYPE federated_learning_target_info gauge",
      `federated_learning_target_info{${labels},zone="eu"} 1`,
      "# HELP federated_learning_x_y_total Why.",
      "# TYPE federated_learning_x_y_total counter",
      `federated_learning_x_y_total{${labels},otel_scope_name="lib"} 3`,
    ],
  });
});

test("OpenMetrics is answered to whoever asks, once it is enabled", async () => {
  const accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
  const plain = await start();
  await plain.deliver(sampleMetrics(1));
  expect((await plain.scrape(accept)).lines.at(-1)).not.toBe("# EOF");
  const enabled = await start({ enable_open_metrics: true, send_timestamps: true, without_scope_info: true });
  await enabled.deliver(sampleMetrics(1));
  expect(await enabled.scrape(accept)).toEqual({
    type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
    lines: ["# TYPE sample gauge", 'sample{i="0",text="x"} 0 1', "# EOF"],
  });
  expect((await enabled.scrape()).lines).toEqual(["# TYPE sample gauge", 'sample{i="0",text="x"} 0 1000']);
});

test("deltas and other things that a page cannot have are dropped by name, and the rest is shown", async () => {
  const { deliver, scrape } = await start();
  const batch = metricsBatch([sum("delta", [point(1)], { aggregationTemporality: 1 }), gauge("good", point(1))]);
  expect(await deliver(batch)).toEqual({
    kind: "settled",
    drops: [{ reason: "delta_temporality", items: 1, detail: "delta_temporality: delta" }],
  });
  expect((await scrape()).lines[0]).toBe("# TYPE good gauge");
  const broken = { ...sampleMetrics(2), body: Uint8Array.of(0x0a, 0xff) };
  expect(await deliver(broken)).toMatchObject({ drops: [{ reason: "invalid_item", items: 2 }] });
});

test("a series that nobody sends any more expires", async () => {
  const clock = new FakeClock();
  const { deliver, scrape } = await start({ metric_expiration: "1m" }, clock);
  await deliver(sampleMetrics(1));
  await clock.advance(60_001);
  expect((await scrape()).lines).toEqual([""]);
});

test("a page that has as many series as it may refuses further ones by name", async () => {
  const { deliver } = await start({}, new FakeClock(), prometheusExporter(servePage, 2));
  expect(await deliver(sampleMetrics(3))).toMatchObject({ drops: [{ reason: "series_limit", items: 1 }] });
});

test("tenants are kept apart by a label", async () => {
  const { deliver, scrape } = await start({ without_scope_info: true });
  await deliver(metricsBatch([gauge("x", point(1))]));
  await deliver(metricsBatch([gauge("x", point(2))], {}, "hospital-1"));
  expect((await scrape()).lines).toEqual(["# TYPE x gauge", "x 1", 'x{tenant="hospital-1"} 2']);
});

test("two pipelines that name it fill one page; after close nothing is taken", async () => {
  const type = prometheusExporter();
  const { exporter, deliver, scrape } = await start({}, new FakeClock(), type);
  const other = await start({}, new FakeClock(), type);
  await deliver(metricsBatch([gauge("x", point(1))]));
  await other.deliver(metricsBatch([gauge("y", point(1))]));
  expect((await scrape()).lines.filter((line) => line.startsWith("#"))).toEqual(["# TYPE x gauge", "# TYPE y gauge"]);
  await exporter.close();
  expect(await deliver(sampleMetrics())).toMatchObject({ kind: "retry", fault: { code: "aborted" } });
});
