/** What reads windows: the samples of one tenant, held in memory, and how far they go. */
import type { Queryable } from "@rondo/promql";

/** How far a tenant's windows are. */
export interface Freshness {
  /**
   * Ingest time up to which every partition is in the windows, milliseconds since the epoch; -Infinity while one of them has
   * no mark. A query at `t` sees everything that it ever will, lateness aside, when `watermark >= t`.
   */
  readonly watermark: number;
  /** Whether a partition is being refilled or unknown: what is missing may only be missing yet. */
  readonly warming: boolean;
}

/** The windows of one tenant. `select` reads what the last `refresh` brought, and waits for nothing. */
export interface WindowReader extends Queryable {
  /** Brings in what was appended since; calls that overlap share one. Throws what the store throws, and `too_large` over a bound. */
  refresh(): Promise<Freshness>;
  /** Series and samples held in memory. */
  held(): { readonly series: number; readonly samples: number };
}
