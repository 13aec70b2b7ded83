/** fmt.Sprintf for the values that templates have: verbs, flags, widths, and Go's own words for what does not fit. */
import { formatFloat, MAX_PRECISION } from "./go-float.ts";
import { display, typeOf, type Value } from "./value.ts";

const DIRECTIVE = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(.)?/gsu;

/** Characters that one width may ask for; more is cut to this. */
const MAX_WIDTH = 1_000;

interface Flags {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number;
  /** -1 when there is none. */
  readonly precision: number;
}

/** Formats as Go does; a wrong verb, a missing or a left-over argument shows in the text and is no error. */
export function sprintf(format: string, args: readonly Value[]): string {
  let used = 0;
  const take = () => args[used++];
  const text = format.replace(DIRECTIVE, (whole, flags: string, width?: string, precision?: string, verb?: string) => {
    if (verb === undefined) return "%!(NOVERB)";
    const wide = width === "*" ? countOf(take()) : Number(width ?? 0);
    const hasPrecision = /\./.test(whole.slice(0, -verb.length));
    const precise = precision === "*" ? countOf(take()) : Number(precision ?? 0);
    if (verb === "%") return "%";
    if (used >= args.length) return `%!${verb}(MISSING)`;
    const value = take() ?? null;
    return directive(verb, value, {
      minus: flags.includes("-"),
      plus: flags.includes("+"),
      sharp: flags.includes("#"),
      space: flags.includes(" "),
      zero: flags.includes("0") && !flags.includes("-"),
      width: Math.min(wide, MAX_WIDTH),
      precision: hasPrecision ? Math.min(precise, MAX_PRECISION) : -1,
    });
  });
  if (used >= args.length) return text;
  const extra = args.slice(used).map((value) => (value === null ? "<nil>" : `${typeOf(value)}=${display(value)}`));
  return `${text}%!(EXTRA ${extra.join(", ")})`;
}

function countOf(value: Value | undefined): number {
  return typeof value === "bigint" ? Number(value) : 0;
}

function directive(verb: string, value: Value, flags: Flags): string {
  const text = TEXT_VERBS[verb]?.(value, flags);
  if (text !== undefined) return padded(text, flags, false);
  const number = numberText(verb, value, flags);
  if (number !== undefined) return padded(number, flags, true);
  return value === null ? `%!${verb}(<nil>)` : `%!${verb}(${typeOf(value)}=${display(value)})`;
}

/** Verbs whose result is not padded with zeros behind a sign; each undefined for a value that it does not take. */
const TEXT_VERBS: Readonly<Record<string, (value: Value, flags: Flags) => string | undefined>> = {
  v: (value) => {
    if (value === null) return "<nil>";
    return typeof value === "number" || typeof value === "bigint" ? undefined : display(value);
  },
  s: (value, { precision }) => {
    const text = printable(value);
    if (text === undefined || precision < 0) return text;
    return [...text].slice(0, precision).join("");
  },
  q: (value) => {
    const text = printable(value);
    return text === undefined ? undefined : JSON.stringify(text);
  },
  t: (value) => (typeof value === "boolean" ? String(value) : undefined),
  T: (value) => (value === null ? "<nil>" : typeOf(value)),
  c: (value) =>
    typeof value === "bigint" && value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : undefined,
};

/** What %s takes: text, and what has a String method. */
function printable(value: Value): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return undefined;
  return value.kind === "record" ? undefined : display(value);
}

function numberText(verb: string, value: Value, flags: Flags): string | undefined {
  if (typeof value === "number") {
    const form = verb === "v" ? "g" : verb.toLowerCase();
    if (form !== "e" && form !== "f" && form !== "g") return undefined;
    const precision = flags.precision < 0 && form !== "g" ? 6 : flags.precision;
    // With %v the plus asks for the names of fields, of which a number has none.
    const text = signed(formatFloat(value, form, precision), verb === "v" ? { ...flags, plus: false } : flags);
    return verb === "E" || verb === "G" ? text.replace("e", "E") : text;
  }
  if (typeof value === "string" && (verb === "x" || verb === "X")) {
    const hex = Buffer.from(value).toString("hex");
    return verb === "X" ? hex.toUpperCase() : hex;
  }
  if (typeof value !== "bigint") return undefined;
  const base = { v: 10, d: 10, b: 2, o: 8, x: 16, X: 16 }[verb];
  if (base === undefined) return undefined;
  const digits = (value < 0n ? -value : value).toString(base).padStart(flags.precision, "0");
  const prefix = flags.sharp ? ({ 2: "0b", 8: "0", 16: "0x" }[base] ?? "") : "";
  const text = signed(`${value < 0n ? "-" : ""}${prefix}${digits}`, flags);
  return verb === "X" ? text.toUpperCase() : text;
}

/** `%+` shows every sign, `% ` leaves room for one; an infinity has its plus only with the former. */
function signed(text: string, { plus, space }: Flags): string {
  if (text === "+Inf") return plus ? text : space ? " Inf" : text;
  if (text.startsWith("-")) return text;
  return plus ? `+${text}` : space ? ` ${text}` : text;
}

function padded(text: string, { width, minus, zero }: Flags, isNumber: boolean): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (minus) return text + " ".repeat(missing);
  if (!zero || !isNumber || /Inf|NaN/.test(text)) return " ".repeat(missing) + text;
  const [, sign = "", digits = ""] = /^([-+ ]?)(.*)$/s.exec(text) ?? [];
  return sign + "0".repeat(missing) + digits;
}
