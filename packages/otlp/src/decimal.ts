/** 64-bit integers between decimal digits and two halves of 32 bits. A bigint for every timestamp costs more than its span. */

/** Digits whose products here a double holds exactly; the head is read by fours. */
const HEAD_DIGITS = 12;
const TAIL_DIGITS = 8;
const TWO_32 = 0x1_0000_0000;
const TEN_9 = 1_000_000_000;

/** An integer that was read from digits: sign and magnitude. One object serves any number of readings. */
export class Decimal {
  negative = false;
  /** The upper 32 bits of the magnitude. */
  high = 0;
  /** The lower 32 bits of the magnitude. */
  low = 0;
  /** Where the digits ended. */
  stop = 0;

  /**
   * Reads an optional minus and digits at `at`. False where there are no digits, more than twenty, or a magnitude above 64
   * bits. What follows the digits is for the caller to judge.
   */
  read(text: DataView, at: number, end: number): boolean {
    const negative = at < end && text.getUint8(at) === 0x2d;
    const start = negative ? at + 1 : at;
    const headEnd = Math.min(end, start + HEAD_DIGITS);
    let pos = start;
    let head = 0;
    for (let four = 0; pos + 4 <= headEnd; pos += 4, head = head * 10_000 + four) {
      four = fourDigits(text.getInt32(pos, true));
      if (four < 0) break;
    }
    for (; pos < headEnd; pos++) {
      const digit = text.getUint8(pos) - 0x30;
      if (digit < 0 || digit > 9) break;
      head = head * 10 + digit;
    }
    if (pos === start) return false;
    let tail = 0;
    let scale = 1;
    if (pos - start === HEAD_DIGITS) {
      for (const stop = Math.min(end, pos + TAIL_DIGITS); pos < stop; pos++) {
        const digit = text.getUint8(pos) - 0x30;
        if (digit < 0 || digit > 9) break;
        tail = tail * 10 + digit;
        scale *= 10;
      }
      if (pos < end && isDigit(text.getUint8(pos))) return false;
    }
    this.stop = pos;
    if (scale === 1 && head <= 0x7fffffff) {
      this.negative = negative && head !== 0;
      this.high = 0;
      this.low = head;
      return true;
    }
    // head × scale + tail, in parts of at most 51 bits; the remainders of doubles are a call of a function each.
    const headHigh = Math.floor(head / 0x10000);
    const upper = headHigh * scale;
    const upperHigh = Math.floor(upper / 0x10000);
    const lower = (head - headHigh * 0x10000) * scale + tail + (upper - upperHigh * 0x10000) * 0x10000;
    const high = upperHigh + Math.floor(lower / TWO_32);
    if (high >= TWO_32) return false;
    this.low = lower >>> 0;
    this.high = high;
    this.negative = negative && (high !== 0 || this.low !== 0);
    return true;
  }

  /** Takes over the 64 bits of a varint, as those of a signed or unsigned integer. */
  setVarint(bytes: Uint8Array, start: number, stop: number, signed: boolean): void {
    let low = 0;
    let high = 0;
    for (let at = start, shift = 0; at < stop; at++, shift += 7) {
      const group = (bytes[at] ?? 0) & 0x7f;
      if (shift < 28) low |= group << shift;
      else if (shift > 28) high |= group << (shift - 32);
      else {
        // Four bits of this group are the low half's.
        low |= group << 28;
        high = group >>> 4;
      }
    }
    this.setBits(high >>> 0, low >>> 0, signed);
  }

  /** Takes over four or eight bytes, low ones first. */
  setFixed(bytes: Uint8Array, start: number, bits: 32 | 64, signed: boolean): void {
    const low = word(bytes, start);
    if (bits === 64) this.setBits(word(bytes, start + 4), low, signed);
    else this.setBits(signed && low >= 0x80000000 ? 0xffffffff : 0, low, signed);
  }

  /** Takes over 64 bits in two halves. */
  setBits(high: number, low: number, signed: boolean): void {
    this.negative = signed && high >= 0x80000000;
    this.high = this.negative ? (~high + (low === 0 ? 1 : 0)) >>> 0 : high;
    this.low = this.negative ? -low >>> 0 : low;
  }

  /** Takes over a bigint whose magnitude is below 2^64, or an integer below 2^53. */
  set(value: bigint | number): void {
    this.negative = value < 0;
    if (typeof value === "number") {
      const magnitude = Math.abs(value);
      this.high = Math.floor(magnitude / TWO_32);
      this.low = magnitude >>> 0;
      return;
    }
    const magnitude = value < 0n ? -value : value;
    this.high = Number(magnitude >> 32n);
    this.low = Number(magnitude & 0xffffffffn);
  }
}

const SPELLED = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** The longest spelling that is looked into: nobody needs more zeros around twenty digits. */
const SPELLED_LENGTH = 64;

/** Spellings of so many characters have fifteen digits at most, which no two decimals of that length share a double with. */
const EXACT_LENGTH = 15;
const EXACT_VALUE = 1e15;

/**
 * An integer that JSON may spell 5.0, 17e17 or 1.7e18, exactly, as a number where one holds it and is quickly had; undefined for
 * fractions and what is no number.
 */
export function spelledInteger(text: string): bigint | number | undefined {
  if (text.length <= EXACT_LENGTH && SPELLED.test(text)) {
    const value = Number(text);
    // Zero may be a fraction that no double holds.
    if (value !== 0 && Number.isInteger(value) && Math.abs(value) < EXACT_VALUE) return value;
  }
  const parts = text.length > SPELLED_LENGTH ? null : SPELLED.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = parts;
  const digits = whole + fraction;
  const significant = digits.replace(/0+$/, "");
  const zeros = Number(exponent) - fraction.length + digits.length - significant.length;
  if (/^0*$/.test(significant)) return 0n;
  if (zeros < 0) return undefined;
  // More zeros than any 64 bits can take say the same: too many.
  return BigInt(`${sign}${significant}${"0".repeat(Math.min(zeros, SPELLED_LENGTH))}`);
}

/** Writes the digits of an unsigned number below 2^53 and returns the position behind them. */
export function putDigits(out: Uint8Array, at: number, value: number): number {
  let size = 1;
  for (let limit = 10; limit <= value; limit *= 10) size++;
  putPadded(out, at, value, size);
  return at + size;
}

/** Writes the digits of the unsigned 64-bit integer with these halves, at most twenty, and returns the position behind them. */
export function putDecimal(out: Uint8Array, at: number, high: number, low: number): number {
  if (high < 0x200000) return putDigits(out, at, high * TWO_32 + low);
  // Long division by 10^9, 16 bits at a time.
  const first = (high % TEN_9) * 0x10000 + (low >>> 16);
  const second = (first % TEN_9) * 0x10000 + (low & 0xffff);
  const quotient = Math.floor(high / TEN_9) * TWO_32 + Math.floor(first / TEN_9) * 0x10000 + Math.floor(second / TEN_9);
  const pos = putDigits(out, at, quotient);
  putPadded(out, pos, second % TEN_9, 9);
  return pos + 9;
}

function putPadded(out: Uint8Array, at: number, value: number, size: number): void {
  let rest = value;
  let pos = at + size - 1;
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 10)) out[pos--] = 0x30 + (rest % 10);
  // What is left fits 31 bits, where divisions are of integers.
  for (; pos >= at; rest = (rest / 10) | 0) out[pos--] = 0x30 + (rest % 10);
}

function word(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  return (low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** The number that four digits spell, the first in the lowest byte; -1 where one of them is none. */
function fourDigits(word: number): number {
  const digits = word ^ 0x30303030;
  // 0x76 more sets the top bit of every byte above nine.
  if (((digits | (digits + 0x76767676)) & 0x80808080) !== 0) return -1;
  const pairs = (Math.imul(digits, 10) + (digits >>> 8)) & 0x00ff00ff;
  return (pairs & 0xff) * 100 + (pairs >>> 16);
}
