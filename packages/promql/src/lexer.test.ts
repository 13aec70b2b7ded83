import { expect, test } from "vitest";
import { KEYWORDS, LABEL_NAME, METRIC_NAME_PATTERN, PRECEDENCE, RESERVED } from "./keywords.ts";
import { MAX_EXPRESSION_LENGTH, tokenize } from "./lexer.ts";
import { PromqlError, positionOf } from "./promql-error.ts";
import { TokenReader } from "./token-reader.ts";

const kinds = (text: string) => tokenize(text).map(({ kind, text: own }) => (own === kind ? kind : `${kind}:${own}`));

function failure(text: string): string {
  try {
    tokenize(text);
  } catch (thrown) {
    if (thrown instanceof PromqlError) return thrown.atPosition;
  }
  return "none";
}

test("words, numbers, durations, strings and operators are told apart", () => {
  expect(kinds("rate(a:b{x=~'y'}[5m]) >= -1.5e3")).toEqual([
    "word:rate",
    "(",
    "word:a:b",
    "{",
    "word:x",
    "=~",
    "string:'y'",
    "}",
    "[",
    "duration:5m",
    "]",
    ")",
    ">=",
    "-",
    "number:1.5e3",
    "end:",
  ]);
});

test("a colon in brackets divides range and step, elsewhere it is part of a name", () => {
  expect(kinds("[5m:1m]")).toEqual(["[", "duration:5m", ":", "duration:1m", "]", "end:"]);
  expect(kinds("[step():5s]")).toEqual(["[", "word:step", "(", ")", ":", "duration:5s", "]", "end:"]);
  expect(kinds(":a:b")).toEqual(["word::a:b", "end:"]);
});

test("numbers as Go writes them", () => {
  for (const text of ["0", "0x1F", "0755", "1_000", ".5", "5.", "1e3", "1.e-3", "1h30m", "5ms"])
    expect(kinds(text)).toHaveLength(2);
  for (const text of ["1..2", "0deadbeef", "5x", "1e", "2.5.", "1__0"]) expect(failure(text)).not.toBe("none");
});

test("comments and white space divide and mean nothing", () => {
  expect(kinds("a # not b\n+ # c\n d")).toEqual(["word:a", "+", "word:d", "end:"]);
  expect(kinds('"# no comment"')).toEqual(['string:"# no comment"', "end:"]);
});

test("what is no token is refused with its place", () => {
  expect(failure("a\n  ;")).toBe("2:3: parse error: unexpected character: ';'");
  expect(failure("{a;b}")).toBe("1:3: parse error: unexpected character inside braces: ';'");
  expect(failure('"open')).toBe("1:1: parse error: unterminated quoted string");
  expect(failure("((a)")).toBe("1:5: parse error: unclosed left parenthesis");
  expect(failure("a}")).toBe("1:2: parse error: unexpected right brace '}'");
  expect(failure("(a]")).toBe("1:3: parse error: unexpected right bracket ']'");
  expect(failure(" ".repeat(MAX_EXPRESSION_LENGTH + 1))).toContain("longer than 1048576");
});

test("positions count lines and columns from one", () => {
  expect(positionOf("ab\ncd", 4)).toEqual({ line: 2, column: 2 });
  expect(positionOf("", 0)).toEqual({ line: 1, column: 1 });
  const reader = new TokenReader("a\n + b");
  reader.next();
  const { start } = reader;
  reader.next();
  reader.next();
  expect(reader.spanFrom(start)).toEqual({ start: 3, end: 6, line: 2, column: 2 });
  expect(reader.unexpected("here", "more").message).toBe("unexpected end of input in here, expected more");
});

test("every reserved word and word operator is a keyword; names follow their patterns", () => {
  for (const word of [...RESERVED, "and", "or", "unless", "sum", "offset"]) expect(KEYWORDS).toContain(word);
  expect(PRECEDENCE["^"]).toBeGreaterThan(PRECEDENCE["*"]);
  expect(LABEL_NAME.test("a:b")).toBe(false);
  expect(METRIC_NAME_PATTERN.test("a:b")).toBe(true);
  expect(METRIC_NAME_PATTERN.test("a.b")).toBe(false);
});
