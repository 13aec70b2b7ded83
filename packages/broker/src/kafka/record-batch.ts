/**
 * Record batches, format 2: how records stand in a produce request, in the log and in an answer to a fetch.
 *
 * batch  => base_offset:INT64 length:INT32 leader_epoch:INT32 magic:INT8 crc:INT32 attributes:INT16 last_offset_delta:INT32
 *           base_timestamp:INT64 max_timestamp:INT64 producer_id:INT64 producer_epoch:INT16 base_sequence:INT32 [record]
 * record => length:VARINT attributes:INT8 timestamp_delta:VARINT offset_delta:VARINT key:VARBYTES value:VARBYTES [header]
 * header => key:VARBYTES value:VARBYTES
 */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { crc32c, Fault } from "@rondo/core";
import type { Headers } from "../log.ts";
import { type NewValue, valueBytes, valuePieces } from "../new-value.ts";
import { recordBytes } from "../record-bytes.ts";
import { WireReader, WireWriter } from "./wire.ts";

/** A record to be written; a null value forgets its key in a compacted topic. */
export interface OutRecord {
  readonly key: Uint8Array | null;
  readonly headers: Headers;
  readonly value: NewValue | null;
}

/** A record that was read. Key and value are views of the answer that it came in. */
export interface InRecord extends OutRecord {
  readonly value: Uint8Array | null;
  readonly offset: number;
  readonly timestamp: number;
}

const MAGIC = 2;
/** From the crc's end: attributes up to and with the number of records. */
const CRC_AT = 17;
const RECORDS_AT = 61;

const CODEC_MASK = 7;
const APPEND_TIME = 8;
const CONTROL = 32;

/** A compressed batch that would grow beyond this is refused: 64 MiB, more than any topic of ours may hold in one batch. */
const MAX_INFLATED_BYTES = 64 << 20;

/** An upper bound of the bytes of a batch. */
export function batchBytes(records: readonly OutRecord[]): number {
  return records.reduce((sum, record) => sum + recordBytes(record), RECORDS_AT);
}

/**
 * Writes one uncompressed batch, every record with the same `timestamp`, and copies no long value. The writer must not hold
 * long bytes yet: what the batch begins with is written last.
 */
export function writeBatch(writer: WireWriter, records: readonly OutRecord[], timestamp: number): void {
  const start = writer.length;
  writer.int64(0).int32(0).int32(-1).int8(MAGIC).int32(0);
  writer.int16(0).int32(records.length - 1);
  writer.int64(timestamp).int64(timestamp);
  // No producer id: Rondo does not use idempotent producers (its readers skip by origin).
  writer.int64(-1).int16(-1).int32(-1).int32(records.length);
  for (const [delta, record] of records.entries()) writeRecord(writer, record, delta);
  writer.patchUint32(start + 8, writer.length - start - 12);
  const checked = writer.chunks(start + CRC_AT + 4);
  writer.patchUint32(
    start + CRC_AT,
    checked.reduce((crc, chunk) => crc32c(chunk, crc), 0),
  );
}

function writeRecord(writer: WireWriter, { key, headers, value }: OutRecord, delta: number): void {
  const head = new WireWriter(64).int8(0).varint(0).varint(delta).varbytes(key);
  const bytes = value === null ? 0 : valueBytes(value);
  head.varint(value === null ? -1 : bytes);
  const names = Object.keys(headers);
  const tail = new WireWriter(128).varint(names.length);
  for (const name of names) tail.varbytes(Buffer.from(name)).varbytes(Buffer.from(headers[name] ?? ""));
  writer.varint(head.length + bytes + tail.length).raw(head.bytes);
  if (value !== null) for (const piece of valuePieces(value)) writer.raw(piece);
  writer.raw(tail.bytes);
}

/** What a fetch brought of one partition. */
export interface ReadBatches {
  /** Records from the wanted offset on. */
  readonly records: readonly InRecord[];
  /** Where to go on: behind the last whole batch, though compaction or a transaction left nothing to see of it. */
  readonly next: number;
}

/** Reads batches, of which the first may begin before `wanted` and the last may be cut off. Throws a Fault for what it cannot read. */
export function readBatches(bytes: Buffer, wanted: number): ReadBatches {
  const records: InRecord[] = [];
  let next = wanted;
  for (let at = 0; at + RECORDS_AT <= bytes.length; ) {
    const reader = new WireReader(bytes, at);
    const base = reader.int64();
    const end = at + 12 + reader.int32();
    if (end > bytes.length) break;
    reader.int32();
    const magic = reader.int8();
    if (magic !== MAGIC)
      throw new Fault("unsupported", `a batch of record format ${magic}; convert the topic to format 2`);
    reader.int32();
    const attributes = reader.int16();
    const last = base + reader.int32();
    const first = reader.int64();
    const newest = reader.int64();
    reader.raw(14);
    const count = reader.int32();
    // A control batch marks the end of somebody's transaction, and is no record.
    if ((attributes & CONTROL) === 0 && last >= wanted) {
      const body = new WireReader(inflate(bytes.subarray(reader.at, end), attributes & CODEC_MASK));
      const stamp = (attributes & APPEND_TIME) === 0 ? undefined : newest;
      for (let index = 0; index < count; index++) {
        const record = readRecord(body, base, first, stamp);
        if (record.offset >= wanted) records.push(record);
      }
    }
    next = Math.max(next, last + 1);
    at = end;
  }
  return { records, next };
}

function readRecord(body: WireReader, base: number, first: number, stamp: number | undefined): InRecord {
  body.varint();
  body.int8();
  const timestamp = first + body.varint();
  const offset = base + body.varint();
  const key = body.varbytes();
  const value = body.varbytes();
  // Without a prototype: a header may have any name.
  const headers: Record<string, string> = Object.create(null);
  for (let count = body.varint(); count > 0; count--) {
    const name = body.varbytes()?.toString() ?? "";
    headers[name] = body.varbytes()?.toString() ?? "";
  }
  return { offset, timestamp: stamp ?? timestamp, key, headers, value };
}

function inflate(body: Buffer, codec: number): Buffer {
  const limit = { maxOutputLength: MAX_INFLATED_BYTES };
  if (codec === 0) return body;
  if (codec === 1) return gunzipSync(body, limit);
  if (codec === 4) return zstdDecompressSync(body, limit);
  throw new Fault(
    "unsupported",
    `a batch compressed with ${codec === 2 ? "snappy" : "lz4"}; set its producer's compression to none, gzip or zstd`,
  );
}
