/**
 * Items that are refused for good while the rest of their request goes on: named to the client in the partial success, and to
 * the operator in a line that no client can make fill the log. Rules of the log 13 and 14.
 */
import type { Clock, Log } from "@rondo/core";
import { onceEvery } from "@rondo/monitor";
import { type Flaw, type FlawedItems, ITEM_NAMES } from "@rondo/otlp";
import type { Account } from "./metrics.ts";

/** A single item above this is refused: no record could hold it for certain. */
export const ITEM_BYTES = 1 << 20;

/** Why an item is refused by itself, with what the sender has to do. */
const REASONS = {
  invalid_item: "what is inside an item must be OTLP in protobuf",
  invalid_trace_id: "a trace id must be 16 bytes, of a span not all zero",
  invalid_span_id: "a span id must be 8 bytes, of a span not all zero",
  invalid_name: "names and attribute keys must be UTF-8",
  invalid_text: "text must be UTF-8",
  invalid_point:
    "a point needs a value, increasing bounds with one bucket more than there are bounds, or quantiles from 0 to 1",
  invalid_metric: "a metric needs a name, and a temporality of delta or cumulative where its kind has one",
  item_too_large: `an item may have ${ITEM_BYTES} B`,
} as const;

/** One of the reasons above. */
type Reason = keyof typeof REASONS;

const REASON_OF: Readonly<Record<Flaw, Reason>> = {
  malformed: "invalid_item",
  trace_id: "invalid_trace_id",
  span_id: "invalid_span_id",
  name_utf8: "invalid_name",
  text_utf8: "invalid_text",
  point_value: "invalid_point",
  buckets: "invalid_point",
  quantile: "invalid_point",
  temporality: "invalid_metric",
  metric_name: "invalid_metric",
};

/** Items of one request that are refused for one reason. */
export interface Refusal {
  readonly reason: Reason;
  readonly items: number;
  /** The first field that shows it; absent where only the size does. */
  readonly path?: string;
}

const NONE: readonly Refusal[] = [];

/** The refusals of items that break the specification. */
export function flawRefusals(flawed: Pick<FlawedItems, "count" | "kinds">): readonly Refusal[] {
  if (flawed.count === 0) return NONE;
  return Array.from(flawed.kinds, ([flaw, { items, path }]) => ({ reason: REASON_OF[flaw], items, path }));
}

/** The sentence of the partial success: of `total` items, how many for which reason, and where the first one stands. */
export function refusalMessage({ signal }: Account, total: number, refusals: readonly Refusal[]): string {
  return refusals
    .map(({ reason, items, path }) => {
      const first = path === undefined ? "" : `, the first at ${path}`;
      return `${reason}: ${items} of ${total} ${ITEM_NAMES[signal]}${first}; ${REASONS[reason]}`;
    })
    .join(". ");
}

/** A line on the same account and reason is written once in this time. */
const WARN_MS = 60_000;

/** Tells the operator, with the items that were refused since the last line on the same account and reason. */
export function refusalWarnings(log: Log, clock: Clock): (account: Account, refusals: readonly Refusal[]) => void {
  const seldom = onceEvery(clock, WARN_MS);
  // Receivers × signals × tenants × reasons: configured, hence few.
  const since = new Map<string, number>();
  return (account, refusals) => {
    const { receiver, signal, tenant } = account;
    for (const { reason, items, path } of refusals) {
      const key = `${receiver}\n${signal}\n${tenant}\n${reason}`;
      since.set(key, (since.get(key) ?? 0) + items);
      seldom(key, () => {
        const all = since.get(key) ?? 0;
        since.delete(key);
        const first = path === undefined ? {} : { first: path };
        log.warn(`${ITEM_NAMES[signal]} were refused: ${REASONS[reason]}`, {
          ...{ receiver, tenant, reason, items: all },
          ...first,
        });
      });
    }
  };
}
