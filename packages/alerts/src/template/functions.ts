/** Every function that a template may call: Go's own and Prometheus's (template/template.go), one row each. */
import { RE2JS } from "re2js";
import { parsePrometheusDuration } from "../prometheus-duration.ts";
import { formatFloat } from "./go-float.ts";
import { sprintf } from "./go-printf.ts";
import { humanize, humanize1024, humanizeDuration, humanizePercentage } from "./humanize.ts";
import { display, displayTime, isTrue, typeOf, type Value } from "./value.ts";

/** What a function may need besides its arguments. */
export interface CallContext {
  /** The evaluation's time, milliseconds since the epoch. */
  readonly at: number;
}

/** A row. `text` arguments must be text, `number` ones become a float where they can; Go's names of types are in the messages. */
export interface TemplateFunction {
  readonly args: readonly ("any" | "text" | "number")[];
  /** The last of `args` may come any number of times, or not at all. */
  readonly variadic?: true;
  readonly doc: string;
  /** Throws an Error whose message says what was wrong. */
  readonly run: (args: readonly Value[], context: CallContext) => Value;
}

/** Functions of Prometheus that this build refuses: all work on results of `query`, which needs samples while a template runs. */
export const UNBUILT_FUNCTIONS: ReadonlySet<string> = new Set([
  ...["query", "first", "value", "label", "strvalue", "sortByLabel", "tmpl", "call", "slice"],
]);

/** A function of one number. */
function ofNumber(doc: string, run: (value: number) => Value): TemplateFunction {
  // The row says `number`, so the argument is one.
  return { args: ["number"], doc, run: ([value]) => run(value as number) };
}

/** A function of texts. */
function ofText(doc: string, count: number, run: (...texts: readonly string[]) => Value): TemplateFunction {
  // The row says `text` for each, so all are.
  return { args: new Array<"text">(count).fill("text"), doc, run: (args) => run(...(args as readonly string[])) };
}

/** A function of any number of values. */
function ofAll(doc: string, run: (args: readonly Value[]) => Value, least = 0): TemplateFunction {
  return { args: new Array<"any">(least + 1).fill("any"), variadic: true, doc, run };
}

/** The table. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  // Go's own. `and` and `or` stop early, which whoever runs the template sees to; here is only what they choose.
  and: ofAll(
    "The first empty argument, else the last.",
    (args) => args.find((one) => !isTrue(one)) ?? args.at(-1) ?? null,
    1,
  ),
  or: ofAll(
    "The first argument that is not empty, else the last.",
    (args) => args.find(isTrue) ?? args.at(-1) ?? null,
    1,
  ),
  not: { args: ["any"], doc: "Whether the argument is empty.", run: ([value = null]) => !isTrue(value) },
  len: { args: ["any"], doc: "Bytes of a text, entries of a map.", run: ([value = null]) => lengthOf(value) },
  index: ofAll("A map's entry.", ([of = null, ...keys]) => keys.reduce(entryOf, of), 1),
  print: ofAll("The arguments as text, with blanks between those that are no text.", printed),
  printf: {
    args: ["text", "any"],
    variadic: true,
    doc: "As fmt.Sprintf.",
    run: ([format = "", ...rest]) => sprintf(display(format), rest),
  },
  println: ofAll("The arguments with blanks between and a line break.", (args) => `${args.map(display).join(" ")}\n`),
  html: ofAll("The arguments with HTML's special characters escaped.", (args) => escapeHtml(printed(args))),
  js: ofAll("The arguments escaped for a JavaScript string.", (args) =>
    JSON.stringify(printed(args)).slice(1, -1).replaceAll("'", "\\'"),
  ),
  urlquery: ofAll("The arguments escaped for a URL's query.", (args) => queryEscape(printed(args))),
  eq: ofAll(
    "Whether the first argument equals one of the others.",
    ([first = null, ...rest]) => rest.some((one) => equal(first, one)),
    2,
  ),
  ne: { args: ["any", "any"], doc: "Whether the arguments differ.", run: ([a = null, b = null]) => !equal(a, b) },
  lt: comparing("Whether the first argument is less than the second.", (less) => less),
  le: comparing("Whether the first argument is less than the second or equal.", (less, same) => less || same),
  // By what they are not, as in Go: NaN is therefore more than everything.
  gt: comparing(
    "Whether the first argument is neither less than the second nor equal.",
    (less, same) => !less && !same,
  ),
  ge: comparing("Whether the first argument is not less than the second.", (less) => !less),
  // Prometheus's.
  args: ofAll("The arguments as arg0, arg1, …, for a template that takes several.", (args) => ({
    kind: "map",
    entries: new Map(args.map((value, index) => [`arg${index}`, value])),
  })),
  match: ofText("Whether a regular expression (RE2) is found in a text.", 2, (pattern = "", text = "") =>
    compile(pattern).matcher(text).find(),
  ),
  reReplaceAll: ofText("A text with every match of a regular expression replaced; $1 is a group.", 3, replaceAll),
  title: ofText("Every word with a capital.", 1, (text = "") =>
    text.replace(/(?<![\p{L}\p{N}_])\p{L}/gu, (letter) => letter.toUpperCase()),
  ),
  toUpper: ofText("In capitals.", 1, (text = "") => text.toUpperCase()),
  toLower: ofText("Without capitals.", 1, (text = "") => text.toLowerCase()),
  stripPort: ofText("host:port without its port.", 1, (text = "") => splitHostPort(text)?.host ?? text),
  stripDomain: ofText("host.domain:port without its domain; an address stays whole.", 1, stripDomain),
  humanize: ofNumber("With a metric prefix.", humanize),
  humanize1024: ofNumber("With a binary prefix.", humanize1024),
  humanizeDuration: ofNumber("Seconds as days, hours, minutes and seconds.", humanizeDuration),
  humanizePercentage: ofNumber("A ratio as percent.", humanizePercentage),
  humanizeTimestamp: ofNumber("Seconds since the epoch as a date.", displayTime),
  toTime: ofNumber("Seconds since the epoch as a moment.", (seconds) => ({ kind: "time", seconds })),
  toDuration: ofNumber("Seconds as a length of time.", (seconds) => ({ kind: "duration", seconds })),
  now: { args: [], doc: "The evaluation's time in seconds since the epoch.", run: (_, { at }) => at / 1_000 },
  parseDuration: ofText("A duration such as 1h30m in seconds.", 1, (text = "") => {
    const ms = parsePrometheusDuration(text);
    if (ms === undefined) throw new Error(`not a valid duration string: ${JSON.stringify(text)}`);
    return ms / 1_000;
  }),
  graphLink: ofText(
    "The path of an expression's graph.",
    1,
    (text = "") => `/graph?g0.expr=${queryEscape(text)}&g0.tab=0`,
  ),
  tableLink: ofText(
    "The path of an expression's table.",
    1,
    (text = "") => `/graph?g0.expr=${queryEscape(text)}&g0.tab=1`,
  ),
  pathPrefix: { args: [], doc: "The path that the API is below: none.", run: () => "" },
  safeHtml: ofText("The text itself: nothing is escaped here.", 1, (text = "") => text),
  urlQueryEscape: ofText("Escaped for a URL's query.", 1, queryEscape),
};

/** Makes the arguments those of the row. Throws an Error with what does not fit. */
export function fitArguments(
  name: string,
  { args, variadic }: TemplateFunction,
  given: readonly Value[],
): readonly Value[] {
  const least = variadic ? args.length - 1 : args.length;
  if (given.length < least || (!variadic && given.length > args.length)) {
    throw new Error(
      `wrong number of args for ${name}: want ${variadic ? "at least " : ""}${least} got ${given.length}`,
    );
  }
  return given.map((value, index) => {
    const kind = args[Math.min(index, args.length - 1)];
    if (kind === "number") return toFloat(value);
    if (kind === "text" && typeof value !== "string") {
      throw new Error(`wrong type for value; expected string; got ${typeOf(value)}`);
    }
    return value;
  });
}

/** Numbers, and texts that hold one, as a float (template.go: convertToFloat). */
function toFloat(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "object" && value?.kind === "duration") return value.seconds;
  if (typeof value !== "string") throw new Error(`can't convert ${typeOf(value)} to float`);
  const word = /^([+-]?)(?:inf|infinity)$/i.exec(value);
  if (word !== null) return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(value)) return Number.NaN;
  const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^0[xX][0-9a-fA-F]+$/.test(value)
    ? Number(value)
    : Number.NaN;
  if (Number.isNaN(number)) throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`);
  return number;
}

/** `print`: blanks only between two arguments of which none is text. */
function printed(args: readonly Value[]): string {
  return args
    .map((value, index) => {
      const before = args[index - 1];
      const apart = index > 0 && typeof value !== "string" && typeof before !== "string";
      return (apart ? " " : "") + (value === null ? "<nil>" : display(value));
    })
    .join("");
}

function lengthOf(value: Value): bigint {
  if (typeof value === "string") return BigInt(Buffer.byteLength(value));
  if (typeof value === "object" && (value?.kind === "labels" || value?.kind === "map"))
    return BigInt(value.entries.size);
  throw new Error(`len of type ${typeOf(value)}`);
}

function entryOf(of: Value, key: Value): Value {
  if (typeof of !== "object" || of === null || (of.kind !== "labels" && of.kind !== "map")) {
    throw new Error(`can't index item of type ${typeOf(of)}`);
  }
  if (typeof key !== "string") throw new Error(`value has type ${typeOf(key)}; should be string`);
  return of.entries.get(key) ?? (of.kind === "labels" ? "" : null);
}

function comparing(doc: string, holds: (less: boolean, same: boolean) => boolean): TemplateFunction {
  return {
    args: ["any", "any"],
    doc,
    run([a = null, b = null]) {
      sameKind(a, b);
      if (a === null || typeof a === "boolean") throw new Error("invalid type for comparison");
      const less =
        typeof a === "string" ? Buffer.compare(Buffer.from(a), Buffer.from(String(b))) < 0 : Number(a) < Number(b);
      return holds(less, a === b);
    },
  };
}

function equal(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b;
  sameKind(a, b);
  return a === b;
}

/** Go compares only what is of one kind: `gt $value 90` is an error, `gt $value 90.0` is none. */
function sameKind(a: Value, b: Value): void {
  if (typeof a === "object" || typeof b === "object") throw new Error("invalid type for comparison");
  if (typeof a !== typeof b) {
    const number = (value: Value) => typeof value === "number" || typeof value === "bigint";
    const hint = number(a) && number(b) ? "; a float compares with a number that has a point, such as 90.0" : "";
    throw new Error(`incompatible types for comparison${hint}`);
  }
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (thrown) {
    throw new Error(
      `regular expression ${JSON.stringify(pattern)}: ${thrown instanceof Error ? thrown.message : thrown}`,
    );
  }
}

/** Go's Regexp.ReplaceAllString: `$1`, `$name` and `${name}` are groups, `$$` a dollar, and a group that there is not is nothing. */
function replaceAll(pattern = "", replacement = "", text = ""): string {
  const found = compile(pattern).matcher(text);
  const names = found.namedGroups;
  let result = "";
  let from = 0;
  while (found.find()) {
    result +=
      text.slice(from, found.start()) +
      replacement.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_, dollar?: string, bare?: string, braced?: string) => {
        if (dollar !== undefined) return "$";
        const name = bare ?? braced ?? "";
        const group = /^\d+$/.test(name) ? Number(name) : names[name];
        return group === undefined || group > found.groupCount() ? "" : (found.group(group) ?? "");
      });
    from = found.end();
  }
  return result + text.slice(from);
}

/** net.SplitHostPort; undefined for what has no port, or too many colons. */
function splitHostPort(text: string): { readonly host: string; readonly port: string } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^[\]]*)\]|([^[\]:]*)):([^[\]:]*)$/.exec(text) ?? [];
  return port === undefined ? undefined : { host: bracketed ?? plain ?? "", port };
}

function stripDomain(text = ""): string {
  const split = splitHostPort(text);
  const host = split?.host ?? text;
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) || host.includes(":")) return text;
  const [name = ""] = host.split(".", 1);
  return split === undefined || split.port === "" ? name : `${name}:${split.port}`;
}

/** url.QueryEscape: blanks become +. */
export function queryEscape(text = ""): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&#34;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (mark) => names[mark] ?? mark);
}

/** A value as the API writes it: Go's `%e` with the fewest digits. */
export function formatValue(value: number): string {
  return formatFloat(value, "e");
}
