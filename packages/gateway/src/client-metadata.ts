/**
 * What of a request's headers goes into the log with it: the keys that the configuration reads and no others, so that nobody's
 * credentials are kept by accident. Rules of the log 1.
 */
import { isUtf8 } from "node:buffer";
import type { KeptMetadata } from "@rondo/config";
import { type Clock, Fault, META_BYTES, type Meta } from "@rondo/core";

/** A combination of values that no request has had for this long makes room for another, milliseconds. */
const IDLE_MS = 5 * 60_000;

/** Why a request was refused for its metadata. */
export type MetadataRefusal = "too_large" | "too_many_combinations";

/** Picks the metadata of requests. */
export interface MetadataKeeper {
  /**
   * What is kept of a request with these headers, names and values in turn as Node lists them; undefined when it has none of the
   * keys. A Fault refuses the request: `too_large` above META_BYTES, `throttled` above the bound of combinations.
   */
  keep(tenant: string, rawHeaders: readonly string[]): Meta | undefined | Fault;
}

/** What a keeper is made in. */
export interface KeeperSurroundings {
  readonly clock: Clock;
  /** Counts refusals. */
  readonly refused: (reason: MetadataRefusal) => void;
}

/** A combination of values, and when a request had it last. */
interface Seen {
  readonly meta: Meta;
  at: number;
}

/** Makes the keeper of a receiver, for all of its protocols. */
export function metadataKeeper(
  { keys, combinations }: KeptMetadata,
  { clock, refused }: KeeperSurroundings,
): MetadataKeeper {
  // Of one tenant, the one longest idle first: a tenant that invents values must not take the places of others.
  const seenOf = new Map<string, Map<string, Seen>>();

  const tooMany = (tenant: string): Fault => {
    refused("too_many_combinations");
    return new Fault(
      "throttled",
      `tenant ${tenant} has ${combinations} combinations of ${keys.join(", ")} within ${IDLE_MS / 60_000} min; ` +
        "metadata_cardinality_limit of batch allows no more",
    );
  };

  /** The one object of a combination; undefined when there is no room for another. */
  const known = (tenant: string, text: string, meta: Meta): Meta | undefined => {
    if (combinations === 0) return meta;
    const seen = seenOf.get(tenant) ?? new Map<string, Seen>();
    seenOf.set(tenant, seen);
    const now = clock.monotonic();
    const found = seen.get(text);
    seen.delete(text);
    if (found === undefined && seen.size >= combinations) {
      const [oldest] = seen;
      if (oldest === undefined || now - oldest[1].at < IDLE_MS) return undefined;
      seen.delete(oldest[0]);
    }
    seen.set(text, { meta: found?.meta ?? meta, at: now });
    return found?.meta ?? meta;
  };

  return {
    keep(tenant, rawHeaders) {
      const meta = pick(keys, rawHeaders);
      if (meta === undefined) return undefined;
      const text = JSON.stringify(meta);
      const bytes = Buffer.byteLength(text);
      if (bytes <= META_BYTES) return known(tenant, text, meta) ?? tooMany(tenant);
      refused("too_large");
      return new Fault(
        "too_large",
        `the headers ${Object.keys(meta).join(", ")} have ${bytes} B; ${META_BYTES} B of client metadata may be kept`,
      );
    },
  };
}

/** The values of every key that a request has, in the order of the keys, so that equal metadata is equal text. */
function pick(keys: readonly string[], rawHeaders: readonly string[]): Meta | undefined {
  const found = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? "";
    if (!keys.includes(name)) continue;
    const value = textOf(rawHeaders[i + 1] ?? "");
    const values = found.get(name);
    if (values === undefined) found.set(name, [value]);
    else values.push(value);
  }
  if (found.size === 0) return undefined;
  return Object.fromEntries(keys.flatMap((key) => (found.has(key) ? [[key, found.get(key) ?? []]] : [])));
}

/** Node reads a header's bytes as Latin-1; clients mean UTF-8 where it is any. */
function textOf(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString() : value;
}
