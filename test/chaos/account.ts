/** Holds Rondo's own metrics to the account: both kinds of row balance, and agree with what the backends wrote down. */
import { SIGNALS, type Signal } from "@rondo/otlp";
import { type Sample, sumOf } from "../rig/metrics-page.ts";

/** What the backends know: for each exporter and signal, how many different items it delivered. */
export type Delivered = ReadonlyMap<string, Readonly<Record<Signal, number>>>;

const item = (kind: string) => `rondo_items_${kind}`;

/** Whether nothing is on its way: no record unread, no item in flight. */
export function isDrained(samples: readonly Sample[]): boolean {
  return sumOf(samples, item("in_flight")) === 0 && sumOf(samples, "rondo_log_lag_records") === 0;
}

/** A text that changes whenever a total does: two equal ones mean that nothing moved in between. */
export function totalsOf(samples: readonly Sample[]): string {
  return ["entered_total", "forwarded_total", "delivered_total"].map((kind) => sumOf(samples, item(kind))).join();
}

/** Dropped items, by whose row they count in: a component that is an exporter has a row of its own. */
function dropped(
  samples: readonly Sample[],
  labels: Readonly<Record<string, string>>,
  exporters: ReadonlySet<string>,
  exporter: string,
): number {
  return samples
    .filter(({ name }) => name === item("dropped_total"))
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels.get(key) === value))
    .filter((sample) => {
      const component = sample.labels.get("component") ?? "";
      return exporter === "" ? !exporters.has(component) : component === exporter;
    })
    .reduce((sum, { value }) => sum + value, 0);
}

/**
 * Every disagreement, as sentences; empty when the account is right. For a drained process whose pipelines are named as
 * their signals and drop nothing: then a pipeline forwards, and each of its exporters delivers, all that entered.
 */
export function checkAccount(
  samples: readonly Sample[],
  delivered: Delivered,
  refused: Delivered = new Map(),
): readonly string[] {
  const problems: string[] = [];
  const exporters = new Set(delivered.keys());
  const expectEqual = (what: string, left: number, right: number) => {
    if (left !== right) problems.push(`${what}: ${left} is not ${right}`);
  };
  for (const signal of SIGNALS) {
    const row = { signal, pipeline: signal, component: "" };
    const total = (kind: string, labels: Readonly<Record<string, string>>) => sumOf(samples, item(kind), labels);
    const drops = (exporter: string) => dropped(samples, { signal, pipeline: signal }, exporters, exporter);
    expectEqual(
      `pipeline ${signal}, entered + created = forwarded + dead-lettered + dropped + in flight`,
      total("entered_total", row) + total("created_total", row),
      total("forwarded_total", row) + total("dead_lettered_total", row) + drops("") + total("in_flight", row),
    );
    for (const [exporter, distinct] of delivered) {
      const own = { signal, pipeline: signal, component: exporter };
      expectEqual(
        `exporter ${exporter} of ${signal}, entered = delivered + dead-lettered + dropped + in flight`,
        total("entered_total", own),
        total("delivered_total", own) + total("dead_lettered_total", own) + drops(exporter) + total("in_flight", own),
      );
      expectEqual(
        `exporter ${exporter} of ${signal}, entered = forwarded by the pipeline`,
        total("entered_total", own),
        total("forwarded_total", row),
      );
      expectEqual(
        `exporter ${exporter} of ${signal}, delivered = different items at the backend`,
        total("delivered_total", own),
        distinct[signal],
      );
    }
  }
  for (const exporter of exporters) {
    const owed = Object.values(refused.get(exporter) ?? {}).reduce((sum, items) => sum + items, 0);
    const given = sumOf(samples, item("dead_lettered_total"), { component: exporter });
    expectEqual(
      `exporter ${exporter}, dropped + dead-lettered = refused for good by the backend`,
      sumOf(samples, item("dropped_total"), { component: exporter }) + given,
      owed,
    );
  }
  const byExporters = [...exporters].map((component) => sumOf(samples, item("dropped_total"), { component }));
  const byOthers = sumOf(samples, item("dropped_total")) - byExporters.reduce((sum, items) => sum + items, 0);
  expectEqual("dropped by anyone else", byOthers, 0);
  return problems;
}
