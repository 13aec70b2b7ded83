/** What the alert worker asks of the windows: samples, and how far they can be trusted. */
import type { Queryable } from "@rondo/promql";

/** How complete a tenant's windows are. */
export interface Freshness {
  /** Ingest time up to which everything is in the windows, milliseconds since the epoch. */
  readonly watermark: number;
  /** They are being refilled, so that what is missing may only be missing yet. */
  readonly warming: boolean;
}

/** The windows of one tenant. */
export interface RuleWindows extends Queryable {
  /** Reads what was appended since the last call, and says how the windows then stand. Throws a Fault `unavailable`. */
  refresh(): Promise<Freshness>;
}

/** Leases of groups: whoever holds one tries to evaluate. They may be lost whole. Methods throw a Fault `unavailable`. */
export interface RuleLeases {
  acquire(name: string, holder: string, ttlMs: number): Promise<boolean>;
  renew(name: string, holder: string, ttlMs: number): Promise<boolean>;
  release(name: string, holder: string): Promise<unknown>;
}
