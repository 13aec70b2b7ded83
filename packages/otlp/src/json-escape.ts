/** The escapes of JSON strings (RFC 8259 §7) as code points, and code points as UTF-8. */

/** The value of a hexadecimal digit by its byte, -1 for every other byte. */
export const HEX: Int8Array = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  for (const letter of [digit.toString(16), digit.toString(16).toUpperCase()]) HEX[letter.charCodeAt(0)] = digit;
}

const SIMPLE: Uint8Array = new Uint8Array(256);
for (const [letter, meaning] of Object.entries({
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
})) {
  SIMPLE[letter.charCodeAt(0)] = meaning.charCodeAt(0);
}

const U = 0x75;
const REPLACEMENT = 0xfffd;

/** The code point of the escape whose backslash is at `at`, -1 where it is none. Half a surrogate pair is U+FFFD. */
export function unescaped(bytes: Uint8Array, at: number): number {
  const letter = bytes[at + 1] ?? 0;
  if (letter !== U) return SIMPLE[letter] || -1;
  const unit = hex4(bytes, at + 2);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  if (unit > 0xdbff || bytes[at + 6] !== 0x5c || bytes[at + 7] !== U) return REPLACEMENT;
  const low = hex4(bytes, at + 8);
  return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : REPLACEMENT;
}

/** How many bytes of text the escape at `at` takes that stands for `point`. */
export function escapeLength(bytes: Uint8Array, at: number, point: number): number {
  if (bytes[at + 1] !== U) return 2;
  return point > 0xffff ? 12 : 6;
}

/** Writes a code point in UTF-8 and returns the position behind it: never more bytes than its escape has. */
export function putUtf8(out: Uint8Array, at: number, point: number): number {
  let pos = at;
  if (point < 0x80) out[pos++] = point;
  else {
    if (point < 0x800) out[pos++] = 0xc0 | (point >> 6);
    else {
      if (point < 0x10000) out[pos++] = 0xe0 | (point >> 12);
      else {
        out[pos++] = 0xf0 | (point >> 18);
        out[pos++] = 0x80 | ((point >> 12) & 0x3f);
      }
      out[pos++] = 0x80 | ((point >> 6) & 0x3f);
    }
    out[pos++] = 0x80 | (point & 0x3f);
  }
  return pos;
}

function hex4(bytes: Uint8Array, at: number): number {
  const high = (digit(bytes, at) << 4) | digit(bytes, at + 1);
  return (high << 8) | (digit(bytes, at + 2) << 4) | digit(bytes, at + 3);
}

/** The digit at `at`, or -1, which makes all that it is combined with negative. */
function digit(bytes: Uint8Array, at: number): number {
  return HEX[bytes[at] ?? 0] ?? -1;
}
