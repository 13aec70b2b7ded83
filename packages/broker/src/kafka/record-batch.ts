/**
 * Record batches, format 2: how records stand in a produce request, in the log and in an answer to a fetch.
 *
 * batch  => base_offset:INT64 length:INT32 leader_epoch:INT32 magic:INT8 crc:INT32 attributes:INT16 last_offset_delta:INT32
 *           base_timestamp:INT64 max_timestamp:INT64 producer_id:INT64 producer_epoch:INT16 base_sequence:INT32 [record]
 * record => length:VARINT attributes:INT8 timestamp_delta:VARINT offset_delta:VARINT key:VARBYTES value:VARBYTES [header]
 * header => key:VARBYTES value:VARBYTES
 */
import { crc32c, Fault } from "@rondo/core";
import type { Headers, LogRecord } from "../log.ts";
import { type NewValue, valueBytes, valuePieces } from "../new-value.ts";
import { recordBytes } from "../record-bytes.ts";
import { WireReader, WireWriter } from "./wire.ts";

/** A record to be written; a null value forgets its key in a compacted topic. */
export interface OutRecord {
  readonly key: Uint8Array | null;
  readonly headers: Headers;
  readonly value: NewValue | null;
}

/** A record that was read. Key and value are views of the answer that it came in, or of what that was inflated to. */
export interface InRecord extends OutRecord {
  readonly value: Uint8Array | null;
  readonly offset: number;
  /** Milliseconds since the epoch; UNKNOWN_TIME where nobody can say. */
  readonly timestamp: number;
  /** Set when it stands for a batch that cannot be read; the value is then the batch. */
  readonly fault?: Fault;
}

/** As every reader of the log has it; `now` is the time of what has none. An empty value and none are the same to a reader. */
export function toLogRecord({ offset, timestamp, headers, value, fault }: InRecord, now: number): LogRecord {
  return {
    ...{ offset, headers, value: value ?? Buffer.of() },
    timestamp: timestamp === UNKNOWN_TIME ? now : timestamp,
    ...(fault && { fault }),
  };
}

/** Records of a batch, compressed. */
export interface Packed {
  /** The codec's number. */
  readonly codec: number;
  readonly pieces: readonly Uint8Array[];
}

/** The time of a batch of which nothing can be believed. */
export const UNKNOWN_TIME = -1;

const MAGIC = 2;
/** From the crc's end: attributes up to and with the number of records. */
const CRC_AT = 17;
const RECORDS_AT = 61;

/** Room for what a record has beside a long value, bytes; where it is more, the writer grows. */
export const RECORD_ROOM = 256;

const CODEC_MASK = 7;
const APPEND_TIME = 8;
const CONTROL = 32;

/** A batch cannot be shorter, and has its format's number at this place, as every older format does. */
const MAGIC_AT = 16;
/** No batch has so many offsets: one that says so is damaged there, and is taken for one of a single record. */
const MOST_OFFSETS = 1 << 24;
/** Nor does one begin beyond what a number holds exactly. */
const MOST_BASE = 2 ** 52;

/** An upper bound of the bytes of a batch. */
export function batchBytes(records: readonly OutRecord[]): number {
  return records.reduce((sum, record) => sum + recordBytes(record), RECORDS_AT);
}

/** The records of a batch as they stand in it, in one piece, long values copied. `room` is where: it is asked for so many bytes. */
export function writeRecords(records: readonly OutRecord[], room: (bytes: number) => Buffer): Buffer {
  const writer = new WireWriter(records.length * RECORD_ROOM);
  for (const [delta, record] of records.entries()) writeRecord(writer, record, delta);
  const whole = room(writer.length);
  let at = 0;
  for (const chunk of writer.chunks()) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/**
 * Writes one batch, every record with the same `timestamp`, and copies no long value. With `packed` these are the records, compressed.
 * The writer must not hold long bytes yet: what the batch begins with is written last.
 */
export function writeBatch(
  writer: WireWriter,
  records: readonly OutRecord[],
  timestamp: number,
  packed?: Packed,
): void {
  const start = writer.length;
  writer.int64(0).int32(0).int32(-1).int8(MAGIC).int32(0);
  writer.int16(packed?.codec ?? 0).int32(records.length - 1);
  writer.int64(timestamp).int64(timestamp);
  // No producer id: Rondo does not use idempotent producers (its readers skip by origin).
  writer.int64(-1).int16(-1).int32(-1).int32(records.length);
  if (packed === undefined) for (const [delta, record] of records.entries()) writeRecord(writer, record, delta);
  else for (const piece of packed.pieces) writer.raw(piece);
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

/** A batch that was found among others, its records not yet looked at. */
interface FoundBatch {
  /** The first offset that is wanted of it. */
  readonly from: number;
  /** Where to go on behind it, though compaction or a transaction left nothing to see of it. */
  readonly next: number;
  /** All of it, header and records. */
  readonly bytes: Buffer;
}

/** A batch whose records cannot be looked for. */
export interface BadBatch extends FoundBatch {
  readonly fault: Fault;
  /** The fault is that its bytes are not what was written: they may come whole if they are asked for once more. */
  readonly damaged?: true;
}

/** A sound batch of the format that is read here. */
export interface SoundBatch extends FoundBatch {
  readonly fault?: never;
  /** The codec's number, 0 for none. */
  readonly codec: number;
  /** Marks the end of somebody's transaction, and has no records. */
  readonly isControl: boolean;
  /** The records as they stand there. */
  readonly body: Buffer;
  readonly base: number;
  readonly count: number;
  /** The time that deltas are to, and the one that holds for every record, where the topic keeps the broker's clock. */
  readonly first: number;
  readonly stamp: number | undefined;
}

/**
 * Finds the batches among bytes of which the first may begin before `wanted` and the last may be cut off. The first one is never cut
 * off: brokers send it whole. Batches that end before `wanted` are left out.
 */
export function* findBatches(bytes: Buffer, wanted: number): Generator<BadBatch | SoundBatch> {
  for (let at = 0; at + MAGIC_AT < bytes.length; ) {
    const reader = new WireReader(bytes, at);
    const base = reader.int64();
    const end = at + 12 + reader.int32();
    if (end > bytes.length && at > 0) return;
    const whole = bytes.subarray(at, Math.min(Math.max(end, at + MAGIC_AT), bytes.length));
    const magic = bytes[at + MAGIC_AT] ?? 0;
    if (end > bytes.length || end - at < (magic === MAGIC ? RECORDS_AT : MAGIC_AT + 1)) {
      // Whatever is behind it cannot be found either.
      return yield damaged(whole, base, wanted, `says that it has ${end - at} B, of which ${whole.length} came`);
    }
    at = end;
    if (base < 0 || base > MOST_BASE) {
      yield damaged(whole, base, wanted, "is beyond every log");
    } else if (magic === MAGIC) {
      const batch = open(whole, base, wanted);
      if (batch.next > wanted) yield batch.fault === undefined ? batch : { ...batch, next: nextOf(batch, bytes, end) };
    } else if (base >= wanted) {
      const what = `a batch of record format ${magic}, which brokers before 3.0 wrote; convert the topic to format 2`;
      yield { from: base, next: base + 1, bytes: whole, fault: new Fault("unsupported", what) };
    }
  }
}

function open(whole: Buffer, base: number, wanted: number): BadBatch | SoundBatch {
  const sum = crc32c(whole.subarray(CRC_AT + 4));
  const written = whole.readUInt32BE(CRC_AT);
  if (sum !== written) {
    const what = `has the sum ${written.toString(16)}, and its bytes have ${sum.toString(16)}`;
    return damaged(whole, base, wanted, what);
  }
  const reader = new WireReader(whole, CRC_AT + 4);
  const attributes = reader.int16();
  reader.int32();
  const first = reader.int64();
  const newest = reader.int64();
  reader.raw(14);
  const count = reader.int32();
  return {
    ...{ from: Math.max(wanted, base), next: lastOf(whole, base) + 1, bytes: whole, base, first, count },
    codec: attributes & CODEC_MASK,
    isControl: (attributes & CONTROL) !== 0,
    body: whole.subarray(RECORDS_AT),
    stamp: (attributes & APPEND_TIME) === 0 ? undefined : newest,
  };
}

/** Where to go on behind a damaged batch: not beyond the one that stands behind it, which knows better where it begins. */
function nextOf({ from, next }: BadBatch, bytes: Buffer, end: number): number {
  const behind = end + RECORDS_AT > bytes.length ? next : new WireReader(bytes, end).int64();
  return behind > from ? Math.min(next, behind) : next;
}

/** The last offset of a batch by its own account; that of its first record where it says nonsense. */
function lastOf(whole: Buffer, base: number): number {
  const delta = whole.length < CRC_AT + 10 ? 0 : whole.readInt32BE(CRC_AT + 6);
  return delta >= 0 && delta < MOST_OFFSETS ? base + delta : base;
}

/** A batch of which nothing is certain, neither where it begins nor where it ends: it stands where one is wanted. */
function damaged(whole: Buffer, base: number, wanted: number, what: string): BadBatch {
  const near = Math.abs(base - wanted) < MOST_OFFSETS ? base : wanted;
  return {
    ...{ from: wanted, next: Math.max(wanted, lastOf(whole, near)) + 1, bytes: whole, damaged: true },
    fault: new Fault("corrupt", `a damaged batch: the one at offset ${base} ${what}`),
  };
}

/** Reads the records of a batch from its first wanted one on, given its body without compression. Throws a Fault `corrupt`. */
export function readRecords({ base, from, first, stamp, count }: SoundBatch, body: Buffer): InRecord[] {
  const reader = new WireReader(body);
  const records: InRecord[] = [];
  for (let index = 0; index < count; index++) {
    const record = readRecord(reader, base, first, stamp);
    if (record.offset >= from) records.push(record);
  }
  return records;
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
