/** Walks the frames of a journal file, reading it in large pieces and stepping over what is damaged. */

import type { OpenFile } from "./file-system.ts";
import { bodyIsWhole, decodeHeader, type FrameHeader, HEADER_BYTES, MAGIC } from "./frame.ts";

/** A whole frame, or bytes that are none. */
export type Found =
  | { readonly kind: "frame"; readonly position: number; readonly header: FrameHeader; readonly body: Buffer }
  | { readonly kind: "gap"; readonly from: number; readonly to: number };

const WINDOW = 1 << 20;

/**
 * Yields what stands in `file` from `from` up to `limit`, in order and without holes: frames that are whole (header and
 * body CRC), and gaps. Behind a damaged body it goes on where its header says, behind a damaged header at the next whole one.
 * A frame's `body` is valid until the next step.
 */
export async function* scanFrames(
  file: OpenFile,
  from: number,
  limit: number,
  salt: number,
): AsyncGenerator<Found, void, void> {
  const window = new Window(file, limit);
  let gap: number | undefined;
  let at = from;
  while (at < limit) {
    const header = decodeHeader(await window.bytes(at, HEADER_BYTES), salt);
    const next = at + HEADER_BYTES + (header?.bodyLength ?? 0);
    const body =
      header !== undefined && next <= limit ? await window.bytes(at + HEADER_BYTES, header.bodyLength) : undefined;
    if (header !== undefined && body !== undefined && bodyIsWhole(body, header, salt)) {
      if (gap !== undefined) yield { kind: "gap", from: gap, to: at };
      gap = undefined;
      yield { kind: "frame", position: at, header, body };
      at = next;
    } else {
      gap ??= at;
      at = header === undefined ? await nextMagic(window, at + 1, limit) : next;
    }
  }
  if (gap !== undefined) yield { kind: "gap", from: gap, to: limit };
}

async function nextMagic(window: Window, from: number, limit: number): Promise<number> {
  for (let at = from; at < limit; ) {
    const bytes = await window.bytes(at, Math.min(WINDOW, limit - at));
    const index = bytes.indexOf(MAGIC);
    if (index >= 0) return at + index;
    if (bytes.length < MAGIC.length) return limit;
    // The magic may stand across the border of two pieces.
    at += bytes.length - (MAGIC.length - 1);
  }
  return limit;
}

/** A piece of the file in memory; asking beyond it reads the next one. */
class Window {
  readonly #file: OpenFile;
  readonly #limit: number;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: OpenFile, limit: number) {
    this.#file = file;
    this.#limit = limit;
  }

  /** Up to `length` bytes at `position`, fewer only at the limit or at the end of the file. */
  async bytes(position: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.#limit - position));
    const offset = position - this.#start;
    if (offset < 0 || offset + wanted > this.#bytes.length) {
      const piece = Buffer.allocUnsafe(Math.min(Math.max(wanted, WINDOW), this.#limit - position));
      const read = await this.#file.read(piece, position);
      this.#bytes = piece.subarray(0, read);
      this.#start = position;
      return this.#bytes.subarray(0, wanted);
    }
    return this.#bytes.subarray(offset, offset + wanted);
  }
}
