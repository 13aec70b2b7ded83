/** What stands in a dead-letter topic: why a record or some of its items were set aside, whose they are, and they themselves. */
import { DEFAULT_TENANT, type Meta, type Origin } from "@rondo/core";
import type { Headers, LogRecord, WholeRecord } from "./log.ts";

/** What a dead letter says of itself. */
export interface LetterHeaders {
  readonly pipeline: string;
  /** Whose backend refused the items, or who could not read the record; absent where that was the pipeline itself. */
  readonly exporter?: string;
  /** A row of the table of drop reasons. */
  readonly reason: string;
  /** Why, in the words of whoever refused. */
  readonly detail?: string;
  /** The record that it came from: `<partition>:<raw offset>:<part>/<parts>`, or what Rondo itself produced. */
  readonly origin: Origin;
  /** How many items of that record stand before these. */
  readonly first: number;
  readonly tenant: string;
  readonly items: number;
  /** The broker's timestamp of the raw record, milliseconds since the epoch. */
  readonly at: number;
  readonly meta?: Meta;
  /** The headers of a raw record that was set aside as it stood. */
  readonly raw?: Headers;
}

/** What a backend said is cut to this many characters, and the headers of a raw record are left out above it: bytes of JSON. */
const DETAIL_LENGTH = 500;
const RAW_BYTES = 16 << 10;

/** A dead letter as a record. */
export function letterRecord(letter: LetterHeaders, value: Uint8Array): WholeRecord {
  const { pipeline, exporter, reason, detail, origin, first, tenant, items, at, meta, raw } = letter;
  const rawJson = raw && JSON.stringify(raw);
  return {
    headers: {
      pipeline,
      ...(exporter !== undefined && { exporter }),
      reason,
      ...(detail !== undefined && { detail: detail.slice(0, DETAIL_LENGTH) }),
      origin,
      ...(first > 0 && { first: String(first) }),
      tenant,
      items: String(items),
      at: String(at),
      ...(meta && { meta: JSON.stringify(meta) }),
      ...(rawJson !== undefined && Buffer.byteLength(rawJson) <= RAW_BYTES && { raw: rawJson }),
    },
    value,
  };
}

/** Reads a dead letter. What is missing is taken for unknown: a letter is there to be looked at, whatever it is. */
export function readLetter({ headers, timestamp }: LogRecord): LetterHeaders {
  const found: Readonly<Partial<Record<string, string>>> = headers;
  const { pipeline = "", exporter, reason = "unexplained", detail, origin = "", tenant = DEFAULT_TENANT } = found;
  const meta = parsed(found["meta"]);
  const raw = parsed(found["raw"]);
  return {
    ...{ pipeline, reason, origin, tenant },
    ...(exporter !== undefined && { exporter }),
    ...(detail !== undefined && { detail }),
    first: numberOf(found["first"], 0),
    items: numberOf(found["items"], 0),
    at: numberOf(found["at"], timestamp),
    // Only `letterRecord` writes these, from values of these types.
    ...(meta !== undefined && { meta: meta as Meta }),
    ...(raw !== undefined && { raw: raw as Headers }),
  };
}

function numberOf(written: string | undefined, otherwise: number): number {
  return written !== undefined && /^\d{1,15}$/.test(written) ? Number(written) : otherwise;
}

function parsed(written: string | undefined): object | undefined {
  if (written === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(written);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
