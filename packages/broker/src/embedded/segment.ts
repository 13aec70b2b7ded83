/**
 * A segment: one file of the journal. It opens with a frame that says where every stream stood when it was begun and where
 * the file before it ends. That frame is the authority on its predecessor: what stands there beyond that end, or in a file
 * that nobody names as predecessor, was never acknowledged.
 */
import { bodyOf, encodeHeader, type FrameHeader } from "./frame.ts";

/** Where streams stand: the next offset and the newest timestamp of each. Streams are numbered from 0. */
export class Positions {
  readonly #pairs: number[];

  constructor(pairs: readonly number[] = []) {
    this.#pairs = [...pairs];
  }

  /** The offset that the stream's next record gets. */
  next(stream: number): number {
    return this.#pairs[stream * 2] ?? 0;
  }

  /** The newest timestamp given in the stream; 0 when there is none. */
  timestamp(stream: number): number {
    return this.#pairs[stream * 2 + 1] ?? 0;
  }

  /** Moves a stream; never backwards. */
  move(stream: number, next: number, timestamp: number): void {
    while (this.#pairs.length <= stream * 2) this.#pairs.push(0, 0);
    this.#pairs[stream * 2] = Math.max(this.next(stream), next);
    this.#pairs[stream * 2 + 1] = Math.max(this.timestamp(stream), timestamp);
  }

  /** Two numbers per stream, for `new Positions`. */
  pairs(): readonly number[] {
    return this.#pairs;
  }

  /** The same positions, to be moved apart. */
  copy(): Positions {
    return new Positions(this.#pairs);
  }
}

/** What the first frame of a file says. */
export interface Opening {
  /** The file before this one and its length in valid bytes; null in the very first. */
  readonly previous: { readonly number: number; readonly end: number } | null;
  readonly starts: Positions;
}

/** One file of the journal. */
export interface Segment extends Opening {
  readonly number: number;
  /** One past its last valid byte. */
  end: number;
  /** Timestamps of its oldest and newest batch; 0 while it has none. */
  firstTimestamp: number;
  lastTimestamp: number;
}

/** The name of a segment's file: `0000000042.log`. */
export function logName(number: number): string {
  return `${String(number).padStart(10, "0")}.log`;
}

/** The name of the file that indexes a sealed segment. */
export function indexName(number: number): string {
  return `${String(number).padStart(10, "0")}.idx`;
}

/** The number in the name of a log file; undefined for any other name. */
export function numberOf(name: string): number | undefined {
  const found = /^(\d{10})\.log$/.exec(name);
  return found === null ? undefined : Number(found[1]);
}

/** The first frame of a file. */
export function encodeOpening({ previous, starts }: Opening, salt: number): readonly Uint8Array[] {
  const body = bodyOf([Buffer.from(JSON.stringify({ previous, starts: starts.pairs() }))], salt);
  const header: FrameHeader = {
    kind: "opening",
    stream: 0,
    base: 0,
    count: 0,
    timestamp: 0,
    synced: 0,
    bodyLength: body.length,
    bodyCrc: body.crc,
  };
  return [encodeHeader(header, salt), ...body.chunks];
}

/** Reads the body of an opening frame, whose CRC was checked. */
export function decodeOpening(body: Buffer): Opening {
  // Written by `encodeOpening` above.
  const { previous, starts } = JSON.parse(body.toString()) as {
    readonly previous: Opening["previous"];
    readonly starts: readonly number[];
  };
  return { previous, starts: new Positions(starts) };
}
