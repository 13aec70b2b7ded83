/** XXH32 with seed 0, over bytes that come in pieces: the checksum of LZ4 frames. xxhash_spec.md. */

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;
const STRIPE = 16;

const rotated = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));

const word = (bytes: Uint8Array, at: number) =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);

const round = (lane: number, input: number) => Math.imul(rotated((lane + Math.imul(input, PRIME_2)) | 0, 13), PRIME_1);

/** A checksum in the making. */
export class XxHash32 {
  #length = 0;
  #lanes: [number, number, number, number] = [(PRIME_1 + PRIME_2) | 0, PRIME_2, 0, -PRIME_1 | 0];
  readonly #rest = new Uint8Array(STRIPE);
  #resting = 0;

  /** Takes further bytes in. */
  update(bytes: Uint8Array): this {
    this.#length += bytes.length;
    let at = 0;
    if (this.#resting > 0) {
      at = Math.min(STRIPE - this.#resting, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#resting);
      this.#resting += at;
      if (this.#resting < STRIPE) return this;
      this.#stripes(this.#rest, 0, STRIPE);
      this.#resting = 0;
    }
    const whole = bytes.length - ((bytes.length - at) % STRIPE);
    this.#stripes(bytes, at, whole);
    this.#rest.set(bytes.subarray(whole));
    this.#resting = bytes.length - whole;
    return this;
  }

  /** The checksum of what was taken in so far, unsigned. */
  digest(): number {
    const [a, b, c, d] = this.#lanes;
    let hash = this.#length < STRIPE ? PRIME_5 : rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18);
    hash = (hash + this.#length) | 0;
    let at = 0;
    for (; at + 4 <= this.#resting; at += 4) {
      hash = Math.imul(rotated((hash + Math.imul(word(this.#rest, at), PRIME_3)) | 0, 17), PRIME_4);
    }
    for (; at < this.#resting; at++) {
      hash = Math.imul(rotated((hash + Math.imul(this.#rest[at] ?? 0, PRIME_5)) | 0, 11), PRIME_1);
    }
    hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
    hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #stripes(bytes: Uint8Array, from: number, to: number): void {
    let [a, b, c, d] = this.#lanes;
    for (let at = from; at < to; at += STRIPE) {
      a = round(a, word(bytes, at));
      b = round(b, word(bytes, at + 4));
      c = round(c, word(bytes, at + 8));
      d = round(d, word(bytes, at + 12));
    }
    this.#lanes = [a, b, c, d];
  }
}

/** The XXH32 of some bytes, unsigned. */
export function xxhash32(bytes: Uint8Array): number {
  return new XxHash32().update(bytes).digest();
}
