/** Rows that have come to have equal labels are one series, if they never share a step; else the result has no meaning. */
import { Cell, Frame } from "./frame.ts";
import { labelsKey, METRIC_NAME } from "./labels.ts";
import { PromqlError } from "./promql-error.ts";

/** The frame with rows of equal labels merged. Throws `execution` when two of them have a value at the same step. */
export function mergeRows(frame: Frame): Frame {
  if (frame.rows < 2) return frame;
  // Almost always all labels differ: found out without copying anything.
  const rowOf = new Map<string, number>();
  const targets = frame.labels.map((labels, row) => {
    const key = labelsKey(labels);
    const known = rowOf.get(key);
    if (known === undefined) rowOf.set(key, row);
    return known ?? row;
  });
  if (rowOf.size === frame.rows) return frame;
  const out = new Frame(frame.steps, rowOf.size);
  const outRow = new Map<number, number>();
  for (const [row, target] of targets.entries()) {
    // The first of the rows that are joined decides where the result stands.
    const labels = frame.labels[row] ?? [];
    let start = outRow.get(target);
    if (start === undefined) {
      start = out.addRow(labels, frame.dropName[row] ?? false);
      outRow.set(target, start);
    }
    for (let step = 0; step < frame.steps; step++) {
      const index = row * frame.steps + step;
      if (frame.kind(index) === Cell.absent) continue;
      if (out.kind(start + step) !== Cell.absent)
        throw new PromqlError("execution", "vector cannot contain metrics with the same labelset");
      out.copyCell(start + step, frame, index);
    }
  }
  return out;
}

/** The frame with the names gone that were to go, and what then has equal labels merged. Throws as `mergeRows`. */
export function dropNames(frame: Frame): Frame {
  if (!frame.dropName.includes(true)) return frame;
  const out = frame.relabelled();
  // All of one metric is the common case, and needs no keys of thousands of rows: what differed with the name still
  // differs without it.
  const names = new Set<string | undefined>();
  for (const [row, labels] of frame.labels.entries()) {
    const name = labels.find(([label]) => label === METRIC_NAME);
    // Rows that differed by more than their name still differ without it.
    names.add(frame.dropName[row] ? name?.[1] : undefined);
    if (name !== undefined && frame.dropName[row]) out.labels[row] = labels.filter((pair) => pair !== name);
    out.dropName[row] = false;
  }
  return names.size === 1 ? out : mergeRows(out);
}
