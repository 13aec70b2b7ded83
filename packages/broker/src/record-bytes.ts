/** What records take in an append beside their values: thousands of small ones are more headers than anything else. */
import type { Headers } from "./log.ts";
import { type NewValue, valueBytes } from "./new-value.ts";

/** What a record costs beside key, value and headers: varints and a byte of attributes, each at its longest. */
const RECORD_OVERHEAD = 32;
const HEADER_OVERHEAD = 10;

/** How much more than `Broker.maxRecordBytes` the records of one append may take in all: the headers of one as large as may be. */
export const APPEND_HEADROOM = 256 << 10;

/** An upper bound of the bytes that a record takes in an append: whoever gathers records for one counts by this. */
export function recordBytes(record: {
  readonly key?: Uint8Array | null;
  readonly headers: Headers;
  readonly value: NewValue | null;
}): number {
  const { key, headers, value } = record;
  let bytes = RECORD_OVERHEAD + (key?.length ?? 0) + (value === null ? 0 : valueBytes(value));
  for (const name in headers) {
    bytes += HEADER_OVERHEAD + Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? "");
  }
  return bytes;
}
