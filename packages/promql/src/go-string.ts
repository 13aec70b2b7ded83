/**
 * String literals as Go writes them, which PromQL took over: `"…"` and `'…'` with escapes, and raw text in back quotes.
 * Bytes that are no UTF-8 (`"\xff"`) are kept as the lone surrogates U+DC80…U+DCFF, so that they can be told and refused.
 */

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** Digits that follow an escape, and their base. */
const NUMBERED: Readonly<Record<string, readonly [digits: number, base: number]>> = {
  x: [2, 16],
  u: [4, 16],
  U: [8, 16],
};

/** The text of a literal with its quotes, or undefined when an escape is malformed. */
export function unquote(literal: string): string | undefined {
  // The lexer has found the closing quote: only what is between is looked at.
  const quote = literal[0];
  const inner = literal.slice(1, -1);
  if (quote === "`") return inner;
  // Almost every string: nothing to decode.
  if (!inner.includes("\\")) return inner.includes("\n") ? undefined : inner;
  const bytes: number[] = [];
  for (let at = 0; at < inner.length; ) {
    const char = String.fromCodePoint(inner.codePointAt(at) ?? 0);
    if (char === "\n") return undefined;
    if (char !== "\\") {
      bytes.push(...Buffer.from(char));
      at += char.length;
      continue;
    }
    const found = readEscape(inner, at + 1, quote);
    if (found === undefined) return undefined;
    bytes.push(...found.bytes);
    at = found.end;
  }
  return decodeBytes(Uint8Array.from(bytes));
}

/** The bytes of the escape whose letter stands at `at`, and where it ends. */
function readEscape(text: string, at: number, quote: string | undefined) {
  const letter = text[at] ?? "";
  const simple = SIMPLE_ESCAPES[letter];
  if (simple !== undefined) {
    // The other quote needs no escape, and Go allows none.
    if ((letter === "'" || letter === '"') && letter !== quote) return undefined;
    return { bytes: Buffer.from(simple), end: at + 1 };
  }
  const octal = letter >= "0" && letter <= "7";
  const [length, base] = octal ? [3, 8] : (NUMBERED[letter] ?? [0, 0]);
  const start = octal ? at : at + 1;
  const digits = text.slice(start, start + length);
  if (length === 0 || digits.length < length || !(base === 8 ? /^[0-7]+$/ : /^[0-9a-fA-F]+$/).test(digits))
    return undefined;
  const value = Number.parseInt(digits, base);
  const end = start + length;
  if (octal || letter === "x") return value > 0xff ? undefined : { bytes: Buffer.of(value), end };
  // Halves of a surrogate pair are no characters.
  if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return undefined;
  return { bytes: Buffer.from(String.fromCodePoint(value)), end };
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; every byte that belongs to no character becomes its own lone surrogate. */
function decodeBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    // As long as the first byte says; what does not hold up is taken byte by byte.
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    try {
      text += strict.decode(bytes.subarray(at, at + length));
      at += length;
    } catch {
      text += String.fromCharCode(0xdc00 + first);
      at++;
    }
  }
  return text;
}

/** The text as a double-quoted literal, as Go's `strconv.Quote` writes it. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) out += quoteChar(char);
  return `${out}"`;
}

const SHORT: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

/** A character as it is, by its short escape, or by its number. */
function quoteChar(char: string): string {
  const short = SHORT[char];
  if (short !== undefined) return short;
  const code = char.codePointAt(0) ?? 0;
  // A byte that was no UTF-8 is written as that byte.
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code >= 0x80 && /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/u.test(char)) {
    const hex = code.toString(16);
    return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  }
  return char;
}
