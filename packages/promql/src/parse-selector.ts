/** Vector selectors: a name, matchers in braces, or both. */
import type { VectorSelector } from "./expr.ts";
import { quote } from "./go-string.ts";
import { METRIC_NAME } from "./labels.ts";
import { matcher, nameOfSelector } from "./matcher.ts";
import type { Matcher, MatchOp } from "./queryable.ts";
import type { TokenReader } from "./token-reader.ts";

const CONTEXT = "label matching";

/** Reads a selector whose first token is a name or a left brace. `any` lets it match a series without labels. */
export function readSelector(reader: TokenReader, any = false): VectorSelector {
  const { start } = reader;
  const named = reader.is("word") ? reader.next().text : undefined;
  const matchers = reader.is("{") ? readMatchers(reader) : [];
  const inBraces = nameOfSelector(matchers);
  if (named !== undefined) {
    if (inBraces !== undefined)
      throw reader.failure({ start }, `metric name must not be set twice: ${quote(named)} or ${quote(inBraces)}`);
    matchers.unshift(matcher(METRIC_NAME, "=", named));
  }
  // A selector that matches a series without labels would match everything there is.
  if (!any && matchers.every((one) => one.matches("")))
    throw reader.failure({ start }, "vector selector must contain at least one non-empty matcher");
  return { kind: "selector", type: "vector", name: named ?? inBraces ?? "", matchers, span: reader.spanFrom(start) };
}

/** Reads `{a="b", …}`. */
function readMatchers(reader: TokenReader): Matcher[] {
  reader.expect("{", CONTEXT);
  const matchers: Matcher[] = [];
  while (!reader.skip("}")) {
    const { start } = reader;
    const one = readMatcher(reader);
    // `{"a", "b"}` names two metrics at once; `{__name__="a", __name__="b"}` is allowed, and matches nothing.
    if (one.name === METRIC_NAME && one.op === "=") {
      const before = nameOfSelector(matchers);
      if (before !== undefined && start >= 0 && isBareName(reader.text, start))
        throw reader.failure({ start }, `metric name must not be set twice: ${quote(before)} or ${quote(one.value)}`);
    }
    matchers.push(one);
    // A comma may follow the last.
    if (!reader.skip(",") && !reader.is("}")) throw reader.unexpected(CONTEXT, '"," or "}"');
  }
  return matchers;
}

/** Whether what stands at `start` is a quoted name and not a label with a matcher. */
function isBareName(text: string, start: number): boolean {
  return /^["'`]/.test(text.slice(start, start + 1));
}

/** `name op "value"`, or a quoted name of the metric alone. */
function readMatcher(reader: TokenReader): Matcher {
  const { start } = reader;
  if (!reader.is("word") && !reader.is("string")) throw reader.unexpected(CONTEXT, 'identifier or "}"');
  const quoted = reader.is("string");
  const name = quoted ? reader.string(CONTEXT) : reader.next().text;
  if (quoted && (reader.is(",") || reader.is("}"))) return matcher(METRIC_NAME, "=", name);
  const { kind } = reader.peek();
  if (!isMatchOp(kind)) throw reader.unexpected(CONTEXT, "label matching operator");
  reader.next();
  const value = reader.string(CONTEXT);
  try {
    return matcher(name, kind, value);
  } catch (thrown) {
    throw reader.failure({ start }, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Whether a token is an operator of matchers. */
function isMatchOp(kind: string): kind is MatchOp {
  return kind === "=" || kind === "!=" || kind === "=~" || kind === "!~";
}
