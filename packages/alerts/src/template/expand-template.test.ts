import fc from "fast-check";
import { expect, test } from "vitest";
import { expandTemplate, MAX_EXPANSION } from "./expand-template.ts";
import { TemplateError } from "./lex.ts";
import { parseTemplate } from "./parse-template.ts";

function expand(text: string, value = 0.5): string {
  const expansion = expandTemplate(parseTemplate(text), {
    labels: new Map([
      ["a", "x"],
      ["b", "10.5"],
      ["instance", "h1.ex.com:9090"],
    ]),
    value,
    externalLabels: new Map([["e", "1"]]),
    externalUrl: "http://r",
    at: 1_000,
  });
  return "text" in expansion ? expansion.text : `error: ${expansion.error}`;
}

// Every expectation without `error:` was printed by Go's text/template, with Prometheus's functions and missingkey=zero.
test.each([
  ["{{ $value }}", "0.5"],
  ["{{ .Value }} {{ $.Value }}", "0.5 0.5"],
  ["{{ $labels.a }}-{{ $labels.nope }}|", "x-|"],
  ["{{ .Labels }}", "map[a:x b:10.5 instance:h1.ex.com:9090]"],
  ["{{ $externalLabels.e }}{{ $externalURL }}{{ .ExternalURL }}", "1http://rhttp://r"],
  ['{{ args 1 2.5 "x" nil true }}', "map[arg0:1 arg1:2.5 arg2:x arg3:<nil> arg4:true]"],
  ['{{ (args 1 2).arg1 }}{{ (args 1).zz }}{{ (printf "%d" 3) }}', "2<no value>3"],
  ["{{ if gt $value 0.3 }}big{{ else }}small{{ end }}", "big"],
  ["{{ if and (gt $value 0.1) (lt $value 0.2) }}mid{{ else if gt $value 0.2 }}hi{{ else }}lo{{ end }}", "hi"],
  ["{{ with $labels.a }}[{{ . }}]{{ end }}{{ with $labels.q }}no{{ else }}none{{ end }}", "[x]none"],
  ["{{ with 0 }}{{ else with 5 }}{{ . }}{{ end }}", "5"],
  ["{{ with .Labels }}{{ .a }}{{ $labels.b }}{{ end }}", "x10.5"],
  ["{{ range $k, $v := .Labels }}{{ $k }}={{ $v }};{{ end }}", "a=x;b=10.5;instance=h1.ex.com:9090;"],
  ["{{ range .Labels }}{{ . }},{{ end }}", "x,10.5,h1.ex.com:9090,"],
  [
    "{{ range $i := 4 }}{{ if eq $i 1 }}{{ continue }}{{ end }}{{ if eq $i 3 }}{{ break }}{{ end }}{{ $i }}{{ end }}",
    "02",
  ],
  ["{{ range 0 }}x{{ else }}nothing{{ end }}", "nothing"],
  ["{{ range nil }}x{{ else }}nothing{{ end }}", "error: 1:10: nil is not a command"],
  ["a {{- 1 -}} b", "a1b"],
  ["a {{- /* c */ -}}  b", "ab"],
  ["{{ $x := 1 }}{{ $x = 2 }}{{ $x }}{{ if true }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}", "232"],
  ["{{ if true }}{{ $value = 3 }}{{ end }}{{ $value }}", "3"],
  ['{{ define "d" }}<{{ . }}>{{ end }}{{ template "d" $value }}{{ template "d" .Labels.a }}', "<0.5><x>"],
  ['{{ block "b" .Labels }}{{ .a }}{{ end }}', "x"],
  ['{{ $value | printf "%.1f" }}', "0.5"],
  ['{{ $labels.a | toUpper | printf "%s!" }}', "X!"],
  ["{{ $value | humanizePercentage }} of {{ $labels.instance | stripDomain }}", "50% of h1:9090"],
  ["{{ 0x1F }} {{ 1_000 }} {{ 1e3 }} {{ 010 }} {{ -5 }} {{ +5 }} {{ .5 }}", "31 1000 1000 8 -5 5 0.5"],
  ['{{ and true $labels.q }}|{{ or 0 "" "z" }}', "|z"],
  // What decides early leaves the rest alone.
  ["{{ or true (toUpper 1) }}{{ and false (toUpper 1) }}", "truefalse"],
  ["{{ true }}{{ false }}{{ $x := 1 }}", "truefalse"],
  // The seed's own rules.
  ["Error rate is {{ $value }} errors per second", "Error rate is 0.5 errors per second"],
  ["Only {{ $value }} clients connected out of {{ $labels.expected }}", "Only 0.5 clients connected out of "],
  ["{{ $labels.instance }} resource usage is {{ $value }}%", "h1.ex.com:9090 resource usage is 0.5%"],
  // What fails when it runs.
  ["{{ $labels.a.b }}", "error: 1:4: can't evaluate field b in type string"],
  ["{{ .Foo }}", "error: 1:4: can't evaluate field Foo in type struct"],
  ["{{ (args nil).arg0.x }}", 'error: 1:4: nil data; no entry for key "x"'],
  ["{{ 1 2 }}", "error: 1:4: can't give argument to non-function"],
  ["{{ $value 1 }}", "error: 1:4: can't give argument to non-function"],
  ["{{ nil }}", "error: 1:4: nil is not a command"],
  [
    "x{{ if gt $value 90 }}y{{ end }}",
    "error: 1:8: error calling gt: incompatible types for comparison; a float compares with a number that has a point, such as 90.0",
  ],
  ["{{ toUpper $value }}", "error: 1:4: error calling toUpper: wrong type for value; expected string; got float64"],
  ["{{ range $value }}{{ end }}", "error: 1:1: range can't iterate over 0.5"],
  ["{{ range $i, $e := 3 }}{{ end }}", "error: 1:1: can't use 3 to iterate over more than one variable"],
])("%s", (text, expected) => expect(expand(text)).toBe(expected));

test.each([
  [1e6, "1e+06"],
  [93, "93"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "+Inf"],
  [0.1 + 0.2, "0.30000000000000004"],
])("a value of %d", (value, text) => expect(expand("{{ $value }}", value)).toBe(text));

test.each([
  ['{{ define "d" }}{{ template "d" }}{{ end }}{{ template "d" }}', "templates call each other more than 100 deep"],
  ["{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}", "it takes more than 100000 steps"],
  [`{{ range 1000 }}${"x".repeat(100)}{{ end }}`, `the text is longer than ${MAX_EXPANSION} characters`],
])("%.50s… has an end", (text, message) => expect(expand(text)).toContain(message));

/** Pieces that templates are made of, whole and broken. */
const PIECES = [
  ...[
    "{{",
    "}}",
    "{{-",
    "-}}",
    " ",
    "\n",
    "text",
    ".",
    "$",
    "$x",
    "$labels",
    "$labels.a",
    "$value",
    ".Labels",
    ".Value",
  ],
  ...["if", "else", "end", "range", "with", "define", "template", "block", "break", "continue", "true", "nil"],
  ...["printf", "humanize", "toUpper", "eq", "and", "or", "len", "index", "args", "match", "reReplaceAll", "query"],
  ...[
    '"%.2f"',
    '"%s"',
    '"a"',
    '"(a"',
    "`raw`",
    "1",
    "-1.5",
    "0x1F",
    "1e400",
    "|",
    ":=",
    "=",
    ",",
    "(",
    ")",
    "/*",
    "*/",
    '"',
  ],
];

test("whatever is written is a template, or is refused with its place; and a template yields text, or says why not", () => {
  const source = fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }).map((pieces) => pieces.join(""));
  const spaced = fc
    .array(fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }), { maxLength: 4 })
    .map((actions) =>
      actions.map((words) => `{{ ${words.filter((word) => !/[{}]/.test(word)).join(" ")} }}`).join("x"),
    );
  fc.assert(
    fc.property(fc.oneof(source, spaced, fc.string()), (text) => {
      try {
        parseTemplate(text);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(TemplateError);
        expect(String(thrown)).toMatch(/TemplateError: \d+:\d+: /);
        return;
      }
      expect(typeof expand(text)).toBe("string");
    }),
    { numRuns: 2_000 },
  );
});

test("text without actions is itself", () => {
  const plain = fc.string().filter((text) => !text.includes("{{"));
  fc.assert(
    fc.property(plain, (text) => {
      expect(expand(text)).toBe(text);
    }),
  );
});
