/**
 * The file beside a sealed segment that says what is in it, so that opening the journal need not read it, and no more than a
 * few indexes need to be in memory. It can always be made again from the segment; losing it loses nothing.
 *
 *      0  u32  magic               8  u32  length of the summary
 *      4  u32  CRC of bytes 8..    12  u32  length of the entries     20  summary (JSON)
 *              and of the summary  16  u32  CRC of the entries            entries, see batch-index.ts
 */
import { crc32 } from "node:zlib";
import { BatchIndex } from "./batch-index.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { type Opening, Positions, type Segment } from "./segment.ts";

const MAGIC = Buffer.from("RBI1");
const HEAD = 20;
// Holds the summary of some 400 streams; one with more costs a second read.
const FIRST_READ = 16 << 10;

/** Writes the sidecar under a passing name and then gives it its own. Rejects with the system's error. */
export async function writeSidecar(fs: FileSystem, path: string, segment: Segment, index: BatchIndex): Promise<void> {
  const { number, end, previous, starts, firstTimestamp, lastTimestamp } = segment;
  const summary = Buffer.from(
    JSON.stringify({ number, end, previous, starts: starts.pairs(), firstTimestamp, lastTimestamp }),
  );
  const entries = index.encode();
  const head = Buffer.alloc(HEAD);
  MAGIC.copy(head);
  head.writeUInt32LE(summary.length, 8);
  head.writeUInt32LE(entries.length, 12);
  head.writeUInt32LE(crc32(entries), 16);
  head.writeUInt32LE(crc32(summary, crc32(head.subarray(8))), 4);
  const passing = `${path}.new`;
  await fs.unlink(passing).catch(() => undefined);
  try {
    const file = await fs.open(passing, "create");
    try {
      await file.writev([head, summary, entries], 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    await fs.rename(passing, path);
  } catch (thrown) {
    // On a full disk the half of it would take the room that the log waits for.
    await fs.unlink(passing).catch(() => undefined);
    throw thrown;
  }
}

/** Reads what a sidecar says of its segment; undefined when there is none or it is damaged. */
export async function readSummary(fs: FileSystem, path: string): Promise<Segment | undefined> {
  return await reading(fs, path, async (file) => {
    const first = await pieceOf(file, 0, FIRST_READ);
    const head = headOf(first);
    if (head === undefined) return undefined;
    const whole = first.length >= HEAD + head.summary ? first : await pieceOf(file, 0, HEAD + head.summary);
    const summary = whole.subarray(HEAD, HEAD + head.summary);
    if (crc32(summary, crc32(whole.subarray(8, HEAD))) !== whole.readUInt32LE(4)) return undefined;
    // Written by `writeSidecar` above, and unchanged: the CRC was checked.
    const { starts, ...rest } = JSON.parse(summary.toString()) as Omit<Segment, keyof Opening> & {
      readonly previous: Opening["previous"];
      readonly starts: readonly number[];
    };
    return { ...rest, starts: new Positions(starts) };
  });
}

/** Reads the index in a sidecar; undefined when there is none or it is damaged. */
export async function readIndex(fs: FileSystem, path: string): Promise<BatchIndex | undefined> {
  return await reading(fs, path, async (file) => {
    const head = headOf(await pieceOf(file, 0, HEAD));
    if (head === undefined) return undefined;
    const entries = await pieceOf(file, HEAD + head.summary, head.entries);
    return entries.length === head.entries && crc32(entries) === head.crc ? BatchIndex.decode(entries) : undefined;
  });
}

function headOf(bytes: Buffer) {
  if (bytes.length < HEAD || MAGIC.compare(bytes, 0, 4) !== 0) return undefined;
  return { summary: bytes.readUInt32LE(8), entries: bytes.readUInt32LE(12), crc: bytes.readUInt32LE(16) };
}

// What is asked for is cut to the size of the file, so that a damaged length cannot ask for memory.
async function pieceOf(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const piece = Buffer.allocUnsafe(Math.max(0, Math.min(length, (await file.size()) - position)));
  return piece.subarray(0, await file.read(piece, position));
}

async function reading<T>(fs: FileSystem, path: string, read: (file: OpenFile) => Promise<T>): Promise<T | undefined> {
  let file: OpenFile;
  try {
    file = await fs.open(path, "read");
  } catch {
    return undefined;
  }
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}
