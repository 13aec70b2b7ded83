/** `info()`: adds the labels of info metrics to the series that have the same instance and job. */
import { Cell, type Frame } from "../frame.ts";
import { infoSelector, isPositive } from "../info-selector.ts";
import { labelsKey, labelValue, METRIC_NAME, onlyLabels, withLabel } from "../labels.ts";
import { PromqlError } from "../promql-error.ts";
import type { Labels } from "../queryable.ts";
import type { Call, PromqlFunction } from "./function-type.ts";

/** The labels by which an info metric is known to be about a series. */
const IDENTIFYING: ReadonlySet<string> = new Set(["instance", "job"]);

/** What identifies a series, whichever its metric is. */
function identity(labels: Labels): string {
  return labelsKey(onlyLabels(labels, IDENTIFYING));
}

/** For one step, the newest info series of every identity and metric. */
function newestAt(info: Frame, step: number): ReadonlyMap<string, readonly number[]> {
  const newest = new Map<string, Map<string, number>>();
  // The values of the frame are times, see `infoTimes`.
  const timeOf = (row: number) => info.value(row * info.steps + step);
  for (const [row, labels] of info.labels.entries()) {
    if (info.kind(row * info.steps + step) === Cell.absent) continue;
    const key = identity(labels);
    const byName = newest.get(key) ?? new Map<string, number>();
    newest.set(key, byName);
    const name = labelValue(labels, METRIC_NAME);
    const other = byName.get(name);
    if (other !== undefined && timeOf(other) === timeOf(row))
      throw new PromqlError("execution", `found duplicate series for info metric ${name} at ${timeOf(row)}`);
    if (other === undefined || timeOf(other) < timeOf(row)) byName.set(name, row);
  }
  return new Map([...newest].map(([key, byName]) => [key, [...byName.values()]]));
}

/** The labels of a series with those of the info series that belong to it; `wanted` limits which. */
function enrich(base: Labels, infos: readonly Labels[], wanted: ReadonlySet<string>): Labels {
  const added = new Map<string, string>();
  for (const labels of infos)
    for (const [name, value] of labels) {
      if (name === METRIC_NAME || (wanted.size > 0 && !wanted.has(name))) continue;
      const other = added.get(name);
      if (other !== undefined && other !== value) throw new PromqlError("execution", `conflicting label: ${name}`);
      // What the series says itself stays.
      if (labelValue(base, name) === "") added.set(name, value);
    }
  let labels = base;
  for (const [name, value] of added) labels = withLabel(labels, name, value);
  return labels;
}

function join(call: Call): Frame {
  const base = call.vector(0);
  const { matchers } = infoSelector(call.expr);
  const ofName = matchers.filter(({ name }) => name === METRIC_NAME);
  const ofData = matchers.filter(({ name }) => name !== METRIC_NAME);
  // Info metrics themselves are not enriched; which these are only the call's own words say.
  const [, given] = call.expr.args;
  const told = given?.kind === "selector" ? given.matchers.filter(({ name }) => name === METRIC_NAME) : ofName;
  const named = told.length === 0 ? ofName : told;
  const isInfo = base.labels.map(
    (labels) => named.some(isPositive) && named.every((one) => one.matches(labelValue(labels, METRIC_NAME))),
  );
  // Without anything to identify series by, every info metric would belong to every series.
  const identified = base.labels.some((labels, row) => !isInfo[row] && onlyLabels(labels, IDENTIFYING).length > 0);
  const info = identified ? call.infoTimes() : call.frame(0);
  const wanted = new Set(ofData.map(({ name }) => name));
  // A matcher that an absent label passes does not ask for an info metric to be there.
  const mayMiss = ofData.every((one) => one.matches(""));
  const out = call.frame(base.rows);
  const starts = new Map<string, number>();
  for (let step = 0; step < base.steps; step++) {
    // Step by step, because info metrics are replaced by new ones when what they say changes.
    const newest = newestAt(info, step);
    for (const [row, labels] of base.labels.entries()) {
      const index = row * base.steps + step;
      if (base.kind(index) === Cell.absent) continue;
      const rows = isInfo[row] ? [] : (newest.get(identity(labels)) ?? []);
      if (rows.length === 0 && !isInfo[row] && !mayMiss) continue;
      const named = enrich(
        labels,
        rows.map((other) => info.labels[other] ?? []),
        wanted,
      );
      // The same series may be enriched differently over time: each set of labels is a series of the result.
      const key = labelsKey(named);
      const start = starts.get(key) ?? out.addRow(named, base.dropName[row] ?? false);
      starts.set(key, start);
      if (out.kind(start + step) !== Cell.absent)
        throw new PromqlError("execution", "vector cannot contain metrics with the same labelset");
      out.copyCell(start + step, base, index);
    }
  }
  return out;
}

/** The function `info`. */
export const INFO_FUNCTIONS: readonly PromqlFunction[] = [
  {
    name: "info",
    doc: "Adds the labels of info metrics (target_info, or what the second argument selects) by instance and job.",
    args: ["vector", "vector"],
    variadic: 1,
    result: "vector",
    experimental: true,
    run: { kind: "frame", apply: join },
  },
];
