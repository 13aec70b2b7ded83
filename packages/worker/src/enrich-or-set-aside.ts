/** What a pipeline makes of any raw record, whoever wrote it: its enriched records, or a dead letter and an empty one. */
import {
  type Broker,
  type ForeignDefaults,
  type LogRecord,
  letterRecord,
  type RawHeaders,
  readRawHeaders,
  type WholeRecord,
  writeOrigin,
} from "@rondo/broker";
import { Fault } from "@rondo/core";
import type { Recurring } from "@rondo/delivery";
import { type Enriched, type EnrichOptions, enrich, setAside } from "./enrich.ts";

/** What a pipeline needs to set a record aside. */
export interface PoisonOptions extends EnrichOptions {
  /** The pipeline's id. */
  readonly pipeline: string;
  readonly foreign: ForeignDefaults;
  readonly broker: Pick<Broker, "maxRecordBytes">;
  /** Where records that are set aside are told: the first of many, and how many. */
  readonly trouble: Recurring;
}

/** A raw record with everything that comes of it. */
export interface Sorted {
  readonly tenant: string;
  readonly result: Enriched;
  /** To be appended to the raw topic's dead letters before the result is to the enriched topic. */
  readonly letter?: WholeRecord;
}

/** Never throws for what is in the record. What is set aside is an error in the log, with its place. */
export function enrichOrSetAside(record: LogRecord, partition: number, options: PoisonOptions): Sorted {
  const { raw, result } = sort(record, partition, options);
  const { poison } = result;
  const { tenant } = raw;
  if (poison === undefined) return { tenant, result };
  const origin = writeOrigin({ partition, offset: record.offset, part: 0, parts: 1 });
  const about = { pipeline: options.pipeline, ...poison, origin, tenant, items: raw.items };
  options.trouble.happened("a record cannot be read or processed and was set aside as a dead letter", about);
  const headers = { ...about, first: 0, at: record.timestamp, raw: record.headers };
  // What is larger than a record was never one: damaged bytes, of which the beginning is enough to see what they were.
  const value = record.value.subarray(0, options.broker.maxRecordBytes);
  return { tenant, result, letter: letterRecord(headers, value) };
}

/** Runs a record for what its processors keep of it: it stands in the enriched partition already. */
export function runAgain(record: LogRecord, partition: number, options: PoisonOptions): void {
  sort(record, partition, options);
}

function sort(record: LogRecord, partition: number, options: PoisonOptions) {
  const { foreign } = options;
  let raw: Pick<RawHeaders, "tenant" | "items"> | undefined;
  try {
    const headers = readRawHeaders(record, foreign);
    raw = headers;
    return { raw, result: enrich(record, partition, headers, options) };
  } catch (thrown) {
    // Nothing can be believed that it says of itself; one item, so that its loss has a number.
    raw ??= { tenant: foreign.tenant, items: 1 };
    const { code, message } = Fault.from(thrown);
    const reason = code === "bug" ? "processor_failed" : "unreadable_record";
    return { raw, result: setAside(record, partition, raw, { reason, detail: message }) };
  }
}
