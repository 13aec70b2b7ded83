/**
 * Memory that is given back by hand. What sockets read is memory outside the heap, of which the collector knows only the sum: left
 * to it, bodies of 60 kB cause a full collection every few hundred requests, which costs more than all the rest of answering them.
 * Fresh memory is as dear: the page faults of 660 kB, and giving them back, take 340 µs, where copying into warm memory takes 30.
 */

/** Less the C library has at hand itself, and faster: what is larger it maps anew each time (`MALLOC_MMAP_THRESHOLD_` in bin/rondo). */
const SMALLEST = 256 << 10;
/** How many sizes there are between one power of two and the next: at most a fifth of a buffer is unused. */
const SIZES = 4;
/** What is kept warm, at most. */
const KEPT = 16 << 20;

/** What `allocate` gave out, with the length that was asked for. */
const lent = new WeakMap<ArrayBufferLike, number>();
/** Warm memory by size; the size that was used last comes last. */
const warm = new Map<number, ArrayBuffer[]>();
let kept = 0;

/**
 * Bytes that nobody has written to yet: they hold anything. Whoever takes them calls `free` when nobody reads them any more, and
 * what was freed is lent again. Throws RangeError when there is no memory.
 */
export function allocate(bytes: number): Buffer {
  if (bytes < SMALLEST) return Buffer.allocUnsafeSlow(bytes);
  const size = sizeFor(bytes);
  const buffer = warmed(size) ?? Buffer.allocUnsafeSlow(size).buffer;
  lent.set(buffer, bytes);
  return Buffer.from(buffer, 0, bytes);
}

/**
 * Detaches the memory of `bytes`, which nobody may read any more; their length is then 0. Bytes that share their memory with
 * others, as small buffers do, are left to the collector.
 */
export function free(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (!(buffer instanceof ArrayBuffer) || buffer.detached) return;
  if (buffer.byteLength >= SMALLEST && lent.get(buffer) === bytes.byteLength) keep(buffer);
  else if (buffer.byteLength === bytes.byteLength) buffer.transfer(0);
}

function sizeFor(bytes: number): number {
  const step = 2 ** (31 - Math.clz32(bytes)) / SIZES;
  return Math.ceil(bytes / step) * step;
}

function warmed(size: number): ArrayBuffer | undefined {
  const buffers = warm.get(size);
  const buffer = buffers?.pop();
  if (buffers === undefined || buffer === undefined) return undefined;
  kept -= size;
  used(size, buffers);
  return buffer;
}

function keep(buffer: ArrayBuffer): void {
  const size = buffer.byteLength;
  if (size > KEPT) return void buffer.transfer(0);
  const buffers = warm.get(size) ?? [];
  used(size, buffers);
  // A transfer of the same length moves the memory, and whoever still holds the bytes sees none.
  buffers.push(buffer.transfer());
  kept += size;
  while (kept > KEPT) dropOldest();
}

function used(size: number, buffers: ArrayBuffer[]): void {
  warm.delete(size);
  warm.set(size, buffers);
}

/** Gives back a buffer of the size that was not used for longest. */
function dropOldest(): void {
  for (const [size, buffers] of warm) {
    const buffer = buffers.pop();
    if (buffers.length === 0) warm.delete(size);
    if (buffer === undefined) continue;
    buffer.transfer(0);
    kept -= size;
    return;
  }
}
