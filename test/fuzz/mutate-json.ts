/** Damage to OTLP/JSON that knows tokens: other values, other names, other types, depth, numbers and texts that hurt parsers. */
import { between } from "../rig/random.ts";
import { BYTE_MUTATIONS, type Mutation } from "./mutate-bytes.ts";

// Not a user's expression, and run on bounded text. The text is latin1: bytes that are no UTF-8 survive.
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g;

const SCALARS = [
  ...["null", "true", "false", "0", "-0", "-1", "1.5", "1e5", "1E400", "-1e-400", "NaN", "Infinity", "-Infinity"],
  ...["9007199254740993", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "0x10", "01", "+1"],
  ...[".5", "5.", "1e", "--1", "{}", "[]", '""', '"NaN"', '"-Infinity"', '"9223372036854775807"', '" 1"', '"1e3"'],
  ...[
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"\\u12"',
    '"\\x"',
    '"\\',
    '"\u0001"',
    '"\u00ff"',
    '"\u00c0\u0080"',
  ],
  ...[
    '"zz"',
    '"0"',
    '"AAAA"',
    '"=="',
    '"A==="',
    '"__proto__"',
    "undefined",
    "'a'",
    "/**/1",
    "1n",
    "\u00ef\u00bb\u00bf",
  ],
];

const KEYS = [
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "", "stringValue", "intValue", "doubleValue"],
  ...["bytesValue", "arrayValue", "kvlistValue", "values", "attributes", "traceId", "trace_id", "spans", "dataPoints"],
  ...["bucketCounts", "explicitBounds", "quantileValues", "resourceSpans", "gauge", "sum", "flags", "\\u0061ttributes"],
];

type TokenChange = (tokens: string[], at: number, random: () => number, other: readonly string[]) => void;

function onToken(change: TokenChange): Mutation {
  return (bytes, random, other) => {
    const tokens = tokensOf(bytes);
    if (tokens.length === 0) return bytes;
    change(tokens, between(random, 0, tokens.length), random, tokensOf(other));
    return Buffer.from(tokens.join(""), "latin1");
  };
}

function tokensOf(bytes: Uint8Array): string[] {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1").match(TOKEN) ?? [];
}

const one = (list: readonly string[], random: () => number) => list[between(random, 0, list.length)] ?? "";

/** The next token from `at` on that `is` takes, around the end to the beginning; `at` when there is none. */
function next(tokens: readonly string[], at: number, is: (token: string, index: number) => boolean): number {
  for (let step = 0; step < tokens.length; step++) {
    const index = (at + step) % tokens.length;
    if (is(tokens[index] ?? "", index)) return index;
  }
  return at;
}

/** Where the value that begins at `at` ends; values that do not end stop with the text. */
function valueEnd(tokens: readonly string[], at: number): number {
  let depth = 0;
  for (let index = at; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === "{" || token === "[") depth++;
    if (token === "}" || token === "]") depth--;
    if (depth <= 0) return index + 1;
  }
  return tokens.length;
}

const isKey = (tokens: readonly string[]) => (_: string, index: number) => tokens[index + 1] === ":";
const isScalar = (tokens: readonly string[]) => (token: string, index: number) =>
  !/^[{}[\],:]$/.test(token) && tokens[index + 1] !== ":";
const DEPTHS = [1, 31, 33, 40, 159, 160, 161, 200, 5_000, 50_000];
const depthOf = (random: () => number) => DEPTHS[between(random, 0, DEPTHS.length)] ?? 1;

const TOKEN_MUTATIONS: Readonly<Record<string, Mutation>> = {
  "another scalar": onToken((tokens, at, random) => {
    tokens[next(tokens, at, isScalar(tokens))] = one(SCALARS, random);
  }),
  "another value": onToken((tokens, at, random, other) => {
    const from = next(tokens, at, (token, index) => /^[{[]$/.test(token) || isScalar(tokens)(token, index));
    const foreign = between(random, 0, Math.max(1, other.length));
    const piece = other.slice(foreign, Math.min(valueEnd(other, foreign), foreign + 5_000));
    tokens.splice(from, valueEnd(tokens, from) - from, ...piece);
  }),
  "another key": onToken((tokens, at, random) => {
    tokens[next(tokens, at, isKey(tokens))] = `"${one(KEYS, random)}"`;
  }),
  "a member twice": onToken((tokens, at) => {
    const from = next(tokens, at, isKey(tokens));
    tokens.splice(from, 0, tokens.slice(from, valueEnd(tokens, from + 2)).join(""), ",");
  }),
  "drop a token": onToken((tokens, at) => void tokens.splice(at, 1)),
  "a token twice": onToken((tokens, at) => void tokens.splice(at, 0, tokens[at] ?? "")),
  "a token elsewhere": onToken((tokens, at, random) => {
    const [moved = ""] = tokens.splice(at, 1);
    tokens.splice(between(random, 0, tokens.length + 1), 0, moved);
  }),
  "other punctuation": onToken((tokens, at, random) => {
    tokens[next(tokens, at, (token) => /^[{}[\],:]$/.test(token))] = one(["{", "}", "[", "]", ",", ":", ";"], random);
  }),
  "nest arrays": onToken((tokens, at, random) => {
    const depth = depthOf(random);
    const from = next(tokens, at, isScalar(tokens));
    tokens[from] = `${"[".repeat(depth)}${tokens[from]}${random() < 0.7 ? "]".repeat(depth) : ""}`;
  }),
  "nest values": onToken((tokens, at, random) => {
    const depth = Math.min(depthOf(random), 2_000);
    const [open, close] =
      random() < 0.5 ? ['{"arrayValue":{"values":[', "]}}"] : ['{"kvlistValue":{"values":[{"key":"k","value":', "}]}}"];
    const from = next(tokens, at, (token) => token === "{");
    const rest = tokens.splice(from, valueEnd(tokens, from) - from).join("");
    tokens.splice(from, 0, `${open.repeat(depth)}${rest}${close.repeat(depth)}`);
  }),
  "a long number": onToken((tokens, at, random) => {
    const digits = "9".repeat(between(random, 15, random() < 0.9 ? 40 : 20_000));
    tokens[next(tokens, at, isScalar(tokens))] = random() < 0.5 ? digits : `"${digits}"`;
  }),
  "a long text": onToken((tokens, at, random) => {
    const piece = one(["a", "\\n", "\\u00e9", "\\ud83d\\ude00", "\u00f0\u009f\u0098\u0080", "%", "=", "A"], random);
    tokens[next(tokens, at, isScalar(tokens))] = `"${piece.repeat(between(random, 1, 2_000))}"`;
  }),
  "much space": onToken((tokens, at, random) => {
    tokens.splice(at, 0, one([" ", "\n", "\t", "\r", "\u00a0", "\u000b"], random).repeat(between(random, 1, 10_000)));
  }),
  "very many elements": onToken((tokens, at, random) => {
    const from = next(tokens, at, (token) => token === "[");
    const element = one(["{},", "0,", '"",', "null,", '{"k":{}},'], random);
    tokens.splice(from + 1, 0, element.repeat(between(random, 1, 3_000)));
  }),
};

/** Every way to damage a JSON request, by name. */
export const JSON_MUTATIONS: Readonly<Record<string, Mutation>> = { ...BYTE_MUTATIONS, ...TOKEN_MUTATIONS };
