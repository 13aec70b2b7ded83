/** Matchers of labels. Their regular expressions are RE2: linear in time, whatever a rule's author writes. */
import { RE2JS } from "re2js";
import { METRIC_NAME } from "./labels.ts";
import type { Matcher, MatchOp } from "./queryable.ts";

/** The message of a failed compilation without the library's prefix. */
function reasonOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/^error parsing regexp: /, "");
}

/** Compiles an anchored, dot-all regular expression. Throws an Error that says what is wrong with it. */
export function compileAnchored(pattern: string): RE2JS {
  try {
    return RE2JS.compile(`^(?s:${pattern})$`);
  } catch (thrown) {
    throw new Error(`invalid regular expression: ${reasonOf(thrown)}`, { cause: thrown });
  }
}

/** Text without any character that means something in a regular expression. */
const LITERAL = /^[^\\.+*?()|[\]{}^$]*$/;

/** A matcher of a label. Throws an Error for a regular expression that is none. */
export function matcher(name: string, op: MatchOp, value: string): Matcher {
  const wanted = op === "=" || op === "=~";
  return { name, op, value, matches: test(op, value, wanted) };
}

function test(op: MatchOp, value: string, wanted: boolean): (label: string) => boolean {
  if (op === "=" || op === "!=") return (label) => (label === value) === wanted;
  // Lists of names are what rules mostly have; the compilation below still tells what is no expression.
  const pattern = compileAnchored(value);
  const choices = value.split("|");
  if (choices.every((choice) => LITERAL.test(choice))) {
    const set = new Set(choices);
    return (label) => set.has(label) === wanted;
  }
  if (value === ".*") return () => wanted;
  if (value === ".+") return (label) => (label !== "") === wanted;
  return (label) => pattern.test(label) === wanted;
}

/** The name that a selector asks for with `=`; undefined when it asks for none or for several. */
export function nameOfSelector(matchers: readonly Matcher[]): string | undefined {
  return matchers.find(({ name, op }) => name === METRIC_NAME && op === "=")?.value;
}
