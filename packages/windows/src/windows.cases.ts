/** Windows for tests that need no writer: samples by series, appended as blocks. */
import { labelsOf } from "@rondo/promql";
import { slotAt } from "./slot.ts";
import { type LabelledSeries, SlotEncoder } from "./slot-encoder.ts";
import type { WindowStore, WindowWrite } from "./store.ts";

/** A sample of the series that the text names, such as `up{job="a"}`, which stands for its labels. */
export type Written = readonly [series: LabelledSeries, time: number, value: number];

/** The series of these labels. */
export function seriesOf(name: string, labels: Readonly<Record<string, string>> = {}): LabelledSeries {
  return { labels: labelsOf({ __name__: name, ...labels }) };
}

/** The appends of samples to a tenant's partition, one block a slot, each of a writer that knows nothing of the slot. */
export function appendsOf(tenant: string, partition: number, samples: readonly Written[]): WindowWrite["appends"] {
  const encoders = new Map<number, SlotEncoder>();
  for (const [series, time, value] of samples) {
    const slot = slotAt(time);
    const encoder = encoders.get(slot) ?? new SlotEncoder(slot);
    encoders.set(slot, encoder);
    encoder.add(series, time, value);
  }
  return [...encoders].map(([slot, encoder]) => ({ tenant, partition, slot, block: encoder.block() ?? Buffer.of() }));
}

/** A writer of one partition that only knows how to append. */
export function simpleWriter(store: WindowStore, partition = 0) {
  let next: number | undefined;
  return async (samples: readonly Written[], progress: Partial<WindowWrite> = {}, tenant = "a") => {
    const write = { partition, from: next, to: (next ?? 0) + 1, watermark: 0, warming: false, keeps: "" };
    const appends = appendsOf(tenant, partition, samples);
    const verdict = await store.write({ ...write, appends, ...progress });
    next = verdict.applied ? (progress.to ?? write.to) : verdict.next;
    return verdict;
  };
}
