/** What stands in the headers of raw and enriched records, and how to read it back. Rules of the log 1 and 3. */
import { Fault, META_BYTES, type Meta, type Origin } from "@rondo/core";
import type { Headers, LogRecord } from "./log.ts";

/** The version of the record layout that this build writes and reads. */
const VERSION = "1";

/** `via` of the empty records that only carry the broker's time to components that hold data. */
export const TICK = "_tick";

/** What a raw record says of itself. */
export interface RawHeaders {
  readonly tenant: string;
  readonly via: string;
  readonly items: number;
  readonly meta?: Meta;
}

/** The headers of a raw record. */
export function rawHeaders({ tenant, via, items, meta }: RawHeaders): Headers {
  return { v: VERSION, tenant, via, ...itemsHeader(items), ...metaHeader(meta) };
}

/** The header that says how many items a raw record has, for whoever counts them after the others are written. */
export function itemsHeader(items: number): Headers {
  return { items: String(items) };
}

function metaHeader(meta: Meta | undefined): Headers {
  return meta === undefined ? {} : { meta: JSON.stringify(meta) };
}

/** What a record is taken for that was written by someone else, such as a Collector's kafka exporter. */
export interface ForeignDefaults {
  readonly tenant: string;
  readonly via: string;
  /** Counts the items of a record that does not say how many it has. */
  readonly count: (value: Uint8Array) => number;
}

/**
 * Reads a raw record's headers; throws a `corrupt` Fault for a layout of another version, and the Fault of a record that could not
 * be read. Headers that happen to have our names and no sense are somebody else's, and are passed over.
 */
export function readRawHeaders({ headers, value, offset, fault }: LogRecord, foreign: ForeignDefaults): RawHeaders {
  if (fault !== undefined) throw fault;
  const version = headers["v"] ?? VERSION;
  if (version !== VERSION) {
    throw new Fault(
      "corrupt",
      `the record at offset ${offset} has layout version ${version}; this build reads version ${VERSION}: run the build that wrote it`,
    );
  }
  const items = headers["items"];
  const meta = readMeta(headers["meta"]);
  return {
    tenant: headers["tenant"] ?? foreign.tenant,
    via: headers["via"] ?? foreign.via,
    items: items !== undefined && /^\d{1,15}$/.test(items) ? Number(items) : foreign.count(value),
    ...(meta !== undefined && { meta }),
  };
}

/** The metadata of a record; undefined for what is none, or more than any build of ours writes. */
function readMeta(written: string | undefined): Meta | undefined {
  if (written === undefined || Buffer.byteLength(written) > META_BYTES) return undefined;
  try {
    const meta: unknown = JSON.parse(written);
    return isMeta(meta) ? meta : undefined;
  } catch {
    return undefined;
  }
}

function isMeta(meta: unknown): meta is Meta {
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) return false;
  return Object.values(meta).every(
    (values) => Array.isArray(values) && values.every((value) => typeof value === "string"),
  );
}

/** Drops of one record by `<component>/<reason>`; a component id may hold slashes, a reason never does. */
export type DropCounts = Readonly<Record<string, number>>;

/** What a raw record added to its pipeline's account; stands on part 0 of its enriched records. */
export interface RecordAccount {
  readonly entered: number;
  readonly created: number;
  readonly dropped: DropCounts;
  /** Items of a record that was set aside whole. */
  readonly deadLettered?: number;
}

/** What an enriched record says of itself. */
export interface EnrichedHeaders {
  readonly tenant: string;
  readonly items: number;
  readonly origin: Origin;
  /** The raw record's broker timestamp, milliseconds since the epoch. */
  readonly at: number;
  readonly account?: RecordAccount;
  /** Of the client's metadata what the exporters of the pipeline read. */
  readonly meta?: Meta;
}

/** The headers of an enriched record. */
export function enrichedHeaders({ tenant, items, origin, at, account, meta }: EnrichedHeaders): Headers {
  const headers = { tenant, items: String(items), origin, at: String(at), ...metaHeader(meta) };
  if (account === undefined) return headers;
  const { entered, created, dropped, deadLettered } = account;
  return { ...headers, acct: JSON.stringify([entered, created, dropped, ...(deadLettered ? [deadLettered] : [])]) };
}

/** Reads an enriched record's headers; throws a `corrupt` Fault when one is missing, and the Fault of a record that could not be read. */
export function readEnrichedHeaders({ headers, offset, fault }: LogRecord): EnrichedHeaders {
  if (fault !== undefined) throw fault;
  const { tenant, items, origin, at, acct } = headers as Readonly<Partial<Record<string, string>>>;
  if (tenant === undefined || items === undefined || origin === undefined || at === undefined) {
    throw new Fault(
      "corrupt",
      `the record at offset ${offset} of an enriched topic lacks a header; only Rondo may write to enriched topics`,
    );
  }
  const meta = readMeta(headers["meta"]);
  const base = { tenant, items: Number(items), origin, at: Number(at), ...(meta !== undefined && { meta }) };
  if (acct === undefined) return base;
  // Written by `enrichedHeaders` above.
  const [entered, created, dropped, deadLettered] = JSON.parse(acct) as [number, number, DropCounts, number?];
  return { ...base, account: { entered, created, dropped, ...(deadLettered && { deadLettered }) } };
}

/** As `readEnrichedHeaders`; undefined for a record that cannot be read, by readers that leave it to the exporters to set it aside. */
export function tryEnrichedHeaders(record: LogRecord): EnrichedHeaders | undefined {
  try {
    return readEnrichedHeaders(record);
  } catch (thrown) {
    if (thrown instanceof Fault) return undefined;
    throw thrown;
  }
}

/** The origin of an enriched record that came from a raw one. */
export interface RecordOrigin {
  readonly partition: number;
  readonly offset: number;
  readonly part: number;
  readonly parts: number;
}

/** Writes `<partition>:<raw offset>:<part>/<parts>`. */
export function writeOrigin({ partition, offset, part, parts }: RecordOrigin): Origin {
  return `${partition}:${offset}:${part}/${parts}`;
}

const ORIGIN = /^(\d+):(\d+):(\d+)\/(\d+)$/;

/** Reads the origin of a raw record; undefined for what Rondo itself produced (`rules/…`, `fl/…`). */
export function readOrigin(origin: Origin): RecordOrigin | undefined {
  const found = ORIGIN.exec(origin);
  if (found === null) return undefined;
  return { partition: Number(found[1]), offset: Number(found[2]), part: Number(found[3]), parts: Number(found[4]) };
}
