/** Batches as they stand in a log: as Rondo writes them, and as others do. */
import { crc32c } from "@rondo/core";
import { readBatches } from "./read-batches.ts";
import { type OutRecord, type Packed, writeBatch } from "./record-batch.ts";
import { WireWriter } from "./wire.ts";

/** A record of some text. */
export const textRecord = (text: string): OutRecord => ({ key: null, headers: {}, value: Buffer.from(text) });

/** A batch, written and then given its place by the broker. */
export function batchAt(base: number, records: readonly OutRecord[], timestamp = 1, packed?: Packed): Buffer {
  const writer = new WireWriter();
  writeBatch(writer, records, timestamp, packed);
  const bytes = Buffer.from(writer.bytes);
  bytes.writeBigInt64BE(BigInt(base), 0);
  return bytes;
}

/** A batch of texts. */
export const textBatch = (base: number, ...texts: readonly string[]): Buffer => batchAt(base, texts.map(textRecord));

/** The batch after a change, with the length and the sum that it then has. */
export function changed(batch: Buffer, change: (copy: Buffer) => Buffer | undefined): Buffer {
  const copy = Buffer.from(batch);
  const made = change(copy) ?? copy;
  made.writeInt32BE(made.length - 12, 8);
  made.writeUInt32BE(crc32c(made.subarray(21)), 17);
  return made;
}

/** The same batch with its records compressed by whatever has that number. */
export const compressed = (batch: Buffer, codec: number, body: (records: Buffer) => Uint8Array): Buffer =>
  changed(batch, () => {
    const made = Buffer.concat([batch.subarray(0, 61), body(batch.subarray(61))]);
    made.writeInt16BE(codec, 21);
    return made;
  });

/** Reads with limits that no test meets by chance. */
export const readAll = (bytes: Buffer, wanted = 0, inflatedBytes = 1 << 20) =>
  readBatches(bytes, { where: "t/3", wanted, inflatedBytes, turn: async () => undefined });

/** The values as text. */
export const textsOf = (records: readonly { readonly value: Uint8Array | null }[]): readonly string[] =>
  records.map(({ value }) => Buffer.from(value ?? []).toString());
