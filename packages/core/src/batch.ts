/** The unit that moves through Rondo: one OTLP export request as wire bytes, with what the road must know of it. */
import type { Carried } from "@rondo/otlp";

/** Where a record came from: `<partition>:<raw offset>:<part>/<parts>`, or `rules/<group>/<slot>` for Rondo's own output. */
export type Origin = string;

/** The id of a receiver as its configuration names it, such as `otlp` or `otlp/site`. */
export type ReceiverId = string;

/** Client metadata that the configuration asked to keep, one value list per lower-case key. */
export type Meta = Readonly<Record<string, readonly string[]>>;

/** One part of a joined batch: the record it came from and the items it brought. */
export interface Source {
  readonly origin: Origin;
  readonly items: number;
}

/** One OTLP export request, sealed. The only data that crosses a socket, a log record or a thread. */
export interface Batch<S extends Carried = Carried> {
  readonly signal: S;
  readonly tenant: string;
  /** Spans, data points, log records or profiles in `body`. */
  readonly items: number;
  /** The protobuf bytes of Export{Trace,Metrics,Logs,Profiles}ServiceRequest. Never changed in place. */
  readonly body: Uint8Array;
  readonly via?: ReceiverId;
  readonly meta?: Meta;
  /** The records that were joined into this batch, in order; the sum of their items is `items`. */
  readonly sources?: readonly Source[];
}

/** The tenant of everything that arrives without authentication. */
export const DEFAULT_TENANT = "default";
