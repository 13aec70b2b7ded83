/** A windows' writer in a test: a log in memory, a clock that stands still, metrics as one names them. */
import { enrichedHeaders, type Member, type WholeRecord, writeOrigin } from "@rondo/broker";
import { silentLog } from "@rondo/core";
import { createRegistry } from "@rondo/monitor";
import { type DecodedMetrics, encodeRequest } from "@rondo/otlp/codec";
import { FakeClock, memoryBroker, memoryWindows } from "@rondo/testkit";
import { matching } from "./matchers.cases.ts";
import { WindowSelectors } from "./window-selectors.ts";
import { runWindowsClaim, type WindowsWriterOptions } from "./writer.ts";

export const TOPIC = "otlp_metrics.enriched";
export const GROUP = "rondo.metrics.windows";
export const MINUTE = 60_000;

/** A sample of a gauge with the label `job`; the time in milliseconds since the epoch. */
export type Gauge = readonly [name: string, job: string, time: number, value: number];

/** An enriched record that holds gauges of a tenant. */
export function metricsRecord(gauges: readonly Gauge[], tenant = "a", origin = 0): WholeRecord {
  const metrics = gauges.map(([name, job, time, value]) => ({
    name,
    gauge: {
      dataPoints: [
        {
          attributes: [{ key: "job", value: { stringValue: job } }],
          timeUnixNano: BigInt(time) * 1_000_000n,
          asDouble: value,
        },
      ],
    },
  }));
  return {
    headers: enrichedHeaders({
      ...{ tenant, items: gauges.length, at: 0 },
      origin: writeOrigin({ partition: 0, offset: origin, part: 0, parts: 1 }),
    }),
    // The codec takes messages without their empty lists; the type is of what it gives.
    value: encodeRequest("metrics", {
      resourceMetrics: [{ scopeMetrics: [{ metrics }] }],
    } as unknown as DecodedMetrics),
  };
}

/** Rules of tenant `a` that read `up` ten minutes and `down` two minutes back. */
export const SELECTORS = new WindowSelectors({
  rules: {
    a: [
      { matchers: matching("up"), reachMs: 10 * MINUTE },
      { matchers: matching("down"), reachMs: 2 * MINUTE },
    ],
  },
});

/** Everything that a writer works with, and ways to start and end one. */
export async function writing(options: Partial<WindowsWriterOptions> = {}) {
  const clock = new FakeClock();
  const broker = memoryBroker({ clock });
  const store = memoryWindows();
  const registry = createRegistry();
  await broker.ensureTopics([{ name: TOPIC, partitions: 1 }]);
  await broker.registerGroup({ group: GROUP, topic: TOPIC, start: "earliest" });
  const settings: WindowsWriterOptions = {
    ...{ broker, store, clock, registry, selectors: SELECTORS, latenessMs: MINUTE, readBytes: 4096, log: silentLog },
    ...options,
  };
  const failures: Error[] = [];
  const join = (changes: Partial<WindowsWriterOptions> = {}): Promise<Member> =>
    settings.broker.join(
      { group: GROUP, topic: TOPIC },
      (claim) => runWindowsClaim(claim, claim.revoked, { ...settings, ...changes }),
      (fault) => failures.push(fault),
    );
  const append = (gauges: readonly Gauge[], tenant = "a") => broker.append(TOPIC, 0, [metricsRecord(gauges, tenant)]);
  /** What the metric of samples counts, by outcome. */
  const outcomes = () => {
    const counts: Record<string, number> = {};
    for (const { name, labels, value } of registry.snapshot()) {
      const outcome = labels.get("outcome") ?? "";
      if (name === "rondo_windows_samples_total") counts[outcome] = (counts[outcome] ?? 0) + value;
    }
    return counts;
  };
  return { clock, broker, store, registry, failures, join, append, outcomes, t0: clock.now() };
}
