/**
 * Gives the memory of bytes back at once. What sockets read is memory outside the heap, of which the collector knows only the
 * sum: left to it, bodies of 60 kB cause a full collection every few hundred requests, which costs more than all the rest of
 * answering them.
 */

/**
 * Detaches the memory of `bytes`, which nobody may read any more; their length is then 0. Bytes that share their memory with
 * others, as small buffers do, are left to the collector.
 */
export function free(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength === bytes.byteLength) buffer.transfer(0);
}
