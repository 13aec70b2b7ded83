/** What makes an item itself: everything it says, its resource, scope and metric included, as one short hash. */
import { createHash } from "node:crypto";
import type { Signal } from "@rondo/otlp";
import { type DecodedAttribute, decodedItems, decodeRequest } from "@rondo/otlp/codec";

/** The attribute that carries an item's stamp. */
export const STAMP_KEY = "chaos.stamp";
/** What the pipeline's processors insert; it is taken away again before the identity is formed, and must be there. */
export const INSERTED = { resource: ["chaos.site", "site-1"], item: ["chaos.enriched", "yes"] } as const;

/** One item as a ledger knows it. */
export interface Identified {
  readonly identity: string;
  /** `round:instance:request:number`, as the load gave it. */
  readonly stamp: string;
}

/** Writes a decoded value so that equal items are equal texts: fields sorted, attributes in the order of their keys. */
function canonical(value: unknown): string {
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  if (typeof value === "bigint") return `i${value}`;
  if (typeof value === "number") return `n${Object.is(value, -0) ? "-0" : value}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(
        ([key, inner]) =>
          `${key}:${key === "attributes" && Array.isArray(inner) ? `[${inner.map(canonical).sort().join()}]` : canonical(inner)}`,
      )
      .sort()
      .join()}}`;
  }
  return JSON.stringify(value) ?? "";
}

/** The attributes without the inserted one; undefined when that is not there exactly once with its value. */
function without(
  attributes: readonly DecodedAttribute[],
  [key, text]: readonly [string, string],
): readonly DecodedAttribute[] | undefined {
  const found = attributes.filter((one) => one.key === key);
  if (found.length !== 1 || found[0]?.value?.stringValue !== text) return undefined;
  return attributes.filter((one) => one.key !== key);
}

function stampOf(attributes: readonly DecodedAttribute[]): string {
  return attributes.find(({ key }) => key === STAMP_KEY)?.value?.stringValue ?? "unstamped";
}

/**
 * The items of a request. `enriched` says which side of the pipeline it is from: behind it, an item that lacks what had to
 * be inserted gets an identity that nobody sent. Throws on bytes that do not decode.
 */
export function identify(signal: Signal, body: Uint8Array, enriched: boolean): readonly Identified[] {
  return [...decodedItems(signal, decodeRequest(signal, body))].map(({ resource, scope, metric, item }) => {
    const around = resource?.attributes ?? [];
    const [outer, inner] = enriched
      ? [without(around, INSERTED.resource), without(item.attributes, INSERTED.item)]
      : [around, item.attributes];
    const { gauge, sum, ...named } = metric ?? {};
    const kind = {
      gauge: gauge !== undefined,
      sum: sum && { temporality: sum.aggregationTemporality, monotonic: sum.isMonotonic },
    };
    const whole = canonical({
      signal,
      resource: { ...resource, attributes: outer },
      scope,
      named,
      kind,
      item: { ...item, attributes: inner },
    });
    const hash = createHash("sha256").update(whole).digest("hex").slice(0, 20);
    return {
      identity: outer === undefined || inner === undefined ? `${hash}-not-enriched` : hash,
      stamp: stampOf(item.attributes),
    };
  });
}

/** The line of a ledger for an item. */
export function ledgerLine(signal: Signal, { identity, stamp }: Identified): string {
  return `${signal} ${identity} ${stamp}`;
}
