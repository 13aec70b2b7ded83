/** When each partition of each exporter last got on: deliveries by time, and the longest stop between two of them. */
import type { Signal } from "@rondo/otlp";

/** One road that stops by itself: a partition of a signal, on its way to one backend. */
export interface Road {
  readonly exporter: string;
  readonly signal: Signal;
  readonly partition: number;
}

const nameOf = ({ exporter, signal, partition }: Road) => `${exporter} ${signal} ${partition}`;

/** Deliveries of a run. Times are of one monotonic clock, milliseconds. */
export class Progress {
  readonly #times = new Map<string, { readonly road: Road; times: number[] }>();

  /** Something was delivered. */
  note(road: Road, at: number): void {
    const name = nameOf(road);
    const found = this.#times.get(name) ?? { road, times: [] };
    this.#times.set(name, found);
    found.times.push(at);
  }

  /** For each road the longest time within [from, to] without a delivery. */
  stops(from: number, to: number): readonly { readonly road: Road; readonly ms: number }[] {
    return [...this.#times.values()].map(({ road, times }) => {
      const marks = [from, ...times.filter((at) => at > from && at < to), to];
      return { road, ms: Math.max(...marks.slice(1).map((at, index) => at - (marks[index] ?? at))) };
    });
  }

  /** Forgets everything before a time. */
  forget(before: number): void {
    for (const one of this.#times.values()) one.times = one.times.filter((at) => at >= before);
  }
}

/** The middle and the largest of some numbers, as `p50 120, max 340 ms (36)`. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return "none";
  const sorted = values.toSorted((a, b) => a - b);
  const [middle = 0, last = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return `p50 ${Math.round(middle)}, max ${Math.round(last)} ms (${sorted.length})`;
}
