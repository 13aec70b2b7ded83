/** Runs a codec by itself and returns what it made. */
import { Fault } from "@rondo/core";
import type { Codec } from "./codec.ts";

/** What a codec made of a body, and how often it let the event loop turn. */
export interface Collected {
  readonly bytes: Buffer;
  readonly turns: number;
}

/** Undoes `body` by `codec`; rejects with a `too_large` Fault above `limit` bytes. */
export async function collected(
  codec: Codec,
  body: Uint8Array,
  limit = 64 << 20,
  pieceBytes = 64 << 10,
): Promise<Collected> {
  const pieces: Buffer[] = [];
  let length = 0;
  let worked = 0;
  let turns = 0;
  const declared = (bytes: number) => {
    if (length + bytes > limit) throw new Fault("too_large", `more than ${limit} B`);
  };
  const take = (piece: Buffer) => {
    declared(piece.length);
    length += piece.length;
    pieces.push(piece);
  };
  await codec(body, {
    pieceBytes,
    declared,
    take,
    place: () => Promise.resolve(),
    write: (bytes) => take(Buffer.from(bytes)),
    work(bytes) {
      worked += bytes;
      if (worked < 1 << 20) return undefined;
      worked = 0;
      turns += 1;
      return Promise.resolve();
    },
  });
  return { bytes: Buffer.concat(pieces), turns };
}
