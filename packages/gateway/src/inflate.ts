/** Undoes a body's compression under a cap: no bomb grows beyond the limit, and only a few bodies are inflated at a time. */
import { allocate, type Clock, Fault, free } from "@rondo/core";
import type { Permit } from "./admission.ts";
import { type Output, PIECE_BYTES, SLICE_BYTES } from "./codecs/codec.ts";
import { CODECS } from "./codecs/table.ts";
import { fairQueue } from "./fair-queue.ts";
import type { Intake } from "./intake.ts";

/** The encodings that can be undone. */
export const INFLATABLE: readonly string[] = [...CODECS.keys()];

/** Bodies that are not small inflated at once: libuv has four threads for all that this process does beside its loop. */
const PLACES = 4;

/** Where the ratio of inflated to compressed bytes starts before anything was measured, and how fast it follows. */
const FIRST_RATIO = 6;
const FOLLOW = 1 / 16;

/** Compressed bytes after which it is mostly what they had: many tiny bodies say no more than a large one. */
const MEMORY_BYTES = 1 << 20;

/**
 * No body is expected to grow more than this, whatever others did: one tenant's bombs must not make every request of the others look
 * too large for the account. What grows more takes the rest while it is inflated.
 */
const MOST_RATIO = 10;

const SMALLEST_PIECE = 16 << 10;

/** Under what a body is inflated. */
export interface InflateBounds {
  /** The largest inflated body, bytes. */
  readonly limit: number;
  /** What covers the compressed body; it is raised to what is in use, compressed and inflated, before memory for that is taken. */
  readonly permit: Pick<Permit, "resize">;
  /** Says what a body is refused with when its permit cannot be raised. */
  readonly intake: Pick<Intake, "overloaded">;
  readonly tenant: string;
}

/** Inflates bodies, and guesses their size beforehand. */
export interface Inflation {
  /** The size that `compressed` bytes will probably have, from what was measured so far; never above `limit` or the account. */
  expect(compressed: number, limit: number): number;
  /**
   * The inflated body. Rejects with a Fault: `too_large` above the limit, `invalid` for bytes that are not of the encoding or end
   * too early, `unsupported` for an encoding that is none of `INFLATABLE`, and the intake's where memory is short.
   */
  inflate(encoding: string, body: Uint8Array, bounds: InflateBounds): Promise<Uint8Array>;
}

/** An inflation with its own measurements and slots, beside an account of `credits` bytes. */
export function inflation(clock: Clock, credits = Number.POSITIVE_INFINITY): Inflation {
  let ratio = FIRST_RATIO;
  let taken = 0;
  // Bounded by the admission account: whoever waits here holds credits. Tenants take turns: one waits for a body of each other.
  const waiting = fairQueue<{ readonly bytes: 1; readonly go: () => void }>(1, () => 1);
  const place = async (tenant: string) => {
    if (taken < PLACES) taken += 1;
    // A place is handed over by whoever leaves one, so `taken` counts it throughout.
    else await new Promise<void>((go) => waiting.push(tenant, { bytes: 1, go }));
  };
  const leave = () => {
    const [next] = waiting.take(1, () => true);
    if (next === undefined) taken -= 1;
    else next.go();
  };
  const turn = () => new Promise<void>((resolve) => clock.after(0, resolve));
  // A guess above all credits would be refused as one that never fits, and may be wrong.
  const expect = (compressed: number, limit: number) => Math.min(limit, credits, Math.ceil(compressed * ratio));
  const learn = (compressed: number, inflated: number) => {
    const measured = Math.min(MOST_RATIO, Math.max(1, inflated / compressed));
    ratio += (measured - ratio) * Math.min(FOLLOW, compressed / MEMORY_BYTES);
  };

  return {
    expect,
    async inflate(encoding, body, bounds) {
      const codec = CODECS.get(encoding);
      if (codec === undefined) {
        throw new Fault("unsupported", `Content-Encoding ${encoding} is none of ${INFLATABLE.join(", ")}`);
      }
      if (body.length === 0) return body;
      const inflated = new Inflated(body.length, expect(body.length, bounds.limit), bounds, { place, turn });
      try {
        await codec(body, inflated);
        const whole = inflated.whole();
        learn(body.length, whole.length);
        return whole;
      } catch (thrown) {
        inflated.discard();
        throw thrown;
      } finally {
        if (inflated.hasPlace) leave();
      }
    },
  };
}

/** What a body waits for. */
interface Loop {
  readonly place: (tenant: string) => Promise<void>;
  readonly turn: () => Promise<void>;
}

/** What has been made of a body so far. */
class Inflated implements Output {
  readonly pieceBytes: number;
  readonly #compressed: number;
  readonly #expected: number;
  readonly #bounds: InflateBounds;
  readonly #loop: Loop;
  #place: Promise<void> | undefined;
  readonly #pieces: Buffer[] = [];
  /** Memory for what is copied, and how much of it is full. */
  #open: Buffer | undefined;
  #filled = 0;
  #length = 0;
  #worked = 0;

  constructor(compressed: number, expected: number, bounds: InflateBounds, loop: Loop) {
    // Every piece is a round trip through the thread pool, so most bodies should fit the first.
    this.pieceBytes = Math.min(PIECE_BYTES, Math.max(SMALLEST_PIECE, Math.ceil(expected * 1.25)));
    this.#compressed = compressed;
    this.#expected = Math.max(compressed, expected);
    this.#bounds = bounds;
    this.#loop = loop;
  }

  declared(bytes: number): void {
    const { limit } = this.#bounds;
    const length = this.#length + bytes;
    if (length > limit) throw new Fault("too_large", `the inflated body exceeds the limit of ${limit} B`);
    this.#hold(this.#compressed + length);
  }

  /** Raises the permit to what is in use; throws when that is more than is free. */
  #hold(inUse: number): void {
    const { permit, intake, tenant } = this.#bounds;
    if (inUse > this.#expected && !permit.resize(inUse)) throw intake.overloaded(inUse, tenant).fault;
  }

  take(piece: Buffer): void {
    this.#close();
    this.#pieces.push(piece);
    this.declared(piece.length);
    this.#length += piece.length;
  }

  write(bytes: Uint8Array): void {
    this.declared(bytes.length);
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      if (this.#open === undefined || this.#filled === this.#open.length) {
        this.#close();
        this.#open = Buffer.allocUnsafeSlow(this.pieceBytes);
      }
      const part = bytes.subarray(at, at + this.#open.length - this.#filled);
      this.#open.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
    }
  }

  get hasPlace(): boolean {
    return this.#place !== undefined;
  }

  place(): Promise<void> {
    this.#place ??= this.#loop.place(this.#bounds.tenant);
    return this.#place;
  }

  work(bytes: number): Promise<void> | undefined {
    this.#worked += bytes;
    if (this.#worked < SLICE_BYTES) return undefined;
    this.#worked = 0;
    return this.#place === undefined ? this.place() : this.#loop.turn();
  }

  /** Gives back what was made: a refused body must not wait for the collector, while its credits are others'. */
  discard(): void {
    for (const piece of this.#pieces.splice(0)) this.#giveBack(piece);
  }

  /**
   * Everything in one piece, which is all of its memory: whoever has it can free it. Throws as `declared` when there is no room
   * for the copy that this may take.
   */
  whole(): Buffer {
    this.#close();
    const [first] = this.#pieces;
    if (first !== undefined && this.#pieces.length === 1 && first.length === first.buffer.byteLength) return first;
    // Pieces and copy stand side by side for a moment.
    this.#hold(this.#compressed + 2 * this.#length);
    const whole = allocate(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      at += piece.copy(whole, at);
      this.#giveBack(piece);
    }
    return whole;
  }

  #giveBack(piece: Buffer): void {
    const { buffer } = piece;
    // Memory of another size is all the piece, or a part of Node's pool, which others use too.
    const isOurs = buffer.byteLength === this.pieceBytes || buffer.byteLength === PIECE_BYTES;
    free(isOurs ? new Uint8Array(buffer) : piece);
  }

  #close(): void {
    if (this.#open !== undefined) this.#pieces.push(this.#open.subarray(0, this.#filled));
    this.#open = undefined;
    this.#filled = 0;
  }
}
