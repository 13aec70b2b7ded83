/** What reads windows: the samples of one tenant, held in memory, and how far they go. */
import { type Clock, Fault } from "@rondo/core";
import type { Queryable } from "@rondo/promql";
import { PartitionTail } from "./partition-tail.ts";
import { SeriesBuffer } from "./series-buffer.ts";
import { SeriesIndex } from "./series-index.ts";
import { SLOT_MS } from "./slot.ts";
import type { PartitionMark, WindowStore } from "./store.ts";

/** How far a tenant's windows are. */
export interface Freshness {
  /**
   * Ingest time up to which every partition is in the windows, milliseconds since the epoch; -Infinity while one of them has
   * no mark. A query at `t` sees everything that it ever will, lateness aside, when `watermark >= t`.
   */
  readonly watermark: number;
  /** Whether a partition is being refilled or unknown: what is missing may only be missing yet. */
  readonly warming: boolean;
  /** Present where a partition is written for other selectors than the reader's; it is warming until its writer has them. */
  readonly otherSelectors?: true;
}

/** The windows of one tenant. `select` reads what the last `refresh` brought, and waits for nothing. */
export interface WindowReader extends Queryable {
  /** Brings in what was appended since; calls that overlap share one. Throws what the store throws, and `too_large` over a bound. */
  refresh(): Promise<Freshness>;
  /** Series and samples held in memory. */
  held(): { readonly series: number; readonly samples: number };
}

/** Whose windows are read, and how much of them. */
export interface WindowReaderOptions {
  readonly store: WindowStore;
  readonly tenant: string;
  /** The number of partitions of the topic that windows are written from. */
  readonly partitions: number;
  /** How far back a query may reach, milliseconds: `longestMs` of the selectors. */
  readonly keepMs: number;
  readonly clock: Clock;
  /** `fingerprint` of the selectors that are read; windows that were written for others are warming. Absent: whatever they are. */
  readonly keeps?: string;
  /** Samples held at a time, 16 bytes each; `MAX_HELD_SAMPLES` when absent. */
  readonly maxSamples?: number;
  /** Series held at a time; `MAX_HELD_SERIES` when absent. */
  readonly maxSeries?: number;
}

/** Samples that a reader holds unless told otherwise. */
export const MAX_HELD_SAMPLES = 40_000_000;
/** Series that a reader holds unless told otherwise. */
export const MAX_HELD_SERIES = 1_000_000;

/** How far behind the present a query may be that still finds all that it reaches, milliseconds. */
const BEHIND_MS = 300_000;

/** Reads the windows of a tenant; nothing is held before the first `refresh`. */
export function openWindowReader(options: WindowReaderOptions): WindowReader {
  const { store, tenant, partitions, keepMs, clock } = options;
  const held = new HeldSamples(tenant, options.maxSamples ?? MAX_HELD_SAMPLES, options.maxSeries ?? MAX_HELD_SERIES);
  const tails = Array.from(
    { length: partitions },
    (_, partition) =>
      new PartitionTail<SeriesBuffer>({
        ...{ store, tenant, partition },
        define: (labels) => held.index.get(labels) ?? new SeriesBuffer(labels),
        take: (series, time, value) => held.take(series, time, value),
      }),
  );
  let running: Promise<Freshness> | undefined;

  const refresh = async () => {
    held.trim(clock.now() - keepMs - BEHIND_MS);
    const outcomes = await Promise.allSettled(tails.map((tail) => tail.refresh(held.since)));
    return freshnessOf(
      outcomes.map((outcome) => {
        if (outcome.status === "rejected") throw outcome.reason;
        return outcome.value;
      }),
      options.keeps,
    );
  };

  return {
    refresh() {
      running ??= refresh().finally(() => {
        running = undefined;
      });
      return running;
    },
    async select(matchers, span) {
      return held.index
        .matching(matchers)
        .map((series) => series.within(span))
        .filter((found) => found !== undefined);
    },
    held: () => ({ series: held.index.size, samples: held.samples }),
  };
}

function freshnessOf(marks: readonly (PartitionMark | undefined)[], keeps: string | undefined): Freshness {
  const isForeign = (mark: PartitionMark | undefined) =>
    mark !== undefined && keeps !== undefined && mark.keeps !== keeps;
  return {
    watermark: marks.reduce(
      (least, mark) => Math.min(least, mark?.watermark ?? Number.NEGATIVE_INFINITY),
      Number.POSITIVE_INFINITY,
    ),
    warming: marks.some((mark) => mark === undefined || mark.warming || isForeign(mark)),
    ...(marks.some(isForeign) && { otherSelectors: true }),
  };
}

/** The samples of a tenant in memory, within bounds. */
class HeldSamples {
  readonly index = new SeriesIndex();
  samples = 0;
  /** Samples before this time are not held. */
  since = Number.NEGATIVE_INFINITY;
  readonly #tenant: string;
  readonly #maxSamples: number;
  readonly #maxSeries: number;

  constructor(tenant: string, maxSamples: number, maxSeries: number) {
    this.#tenant = tenant;
    this.#maxSamples = maxSamples;
    this.#maxSeries = maxSeries;
  }

  take(series: SeriesBuffer, time: number, value: number): void {
    if (time < this.since) return;
    const listed = series.listed ? series : this.#list(series);
    if (this.samples >= this.#maxSamples) throw this.#over("max_samples", this.#maxSamples, "samples");
    if (listed.add(time, value)) this.samples++;
  }

  /**
   * Lets go of what lies before `since`. All series are looked through, so that is done once a slot. After a clock that was ahead
   * `since` goes back, and what was let go of is read again.
   */
  trim(since: number): void {
    if (since < this.since - SLOT_MS) this.since = since;
    if (since < this.since + SLOT_MS && this.samples < this.#maxSamples) return;
    this.samples -= this.index.trim(since);
    this.since = since;
  }

  #list(series: SeriesBuffer): SeriesBuffer {
    const known = this.index.get(series.labels);
    if (known !== undefined) return known;
    if (this.index.size >= this.#maxSeries) throw this.#over("max_series", this.#maxSeries, "series");
    return this.index.list(series);
  }

  #over(limit: string, most: number, what: string): Fault {
    return new Fault(
      "too_large",
      `the windows of tenant ${this.#tenant} would hold more than ${limit} ${most} ${what}: let rules read fewer series or reach less far back`,
    );
  }
}
