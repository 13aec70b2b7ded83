import { expect, test } from "vitest";
import { MAX_TEMPLATE_LENGTH, parseTemplate } from "./parse-template.ts";

test.each([
  ["{{ nope 1 }}", '1:4: function "nope" not defined'],
  ['{{ query "up" }}', "1:4: function query is not built yet"],
  ["{{ $nope }}", "1:4: undefined variable $nope"],
  ["{{ $x = 1 }}", "1:4: undefined variable $x"],
  ["{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}", "1:39: undefined variable $x"],
  ["{{ if true }}x", "1:1: {{if}} has no {{end}}"],
  ["{{ range .Labels }}{{ else }}", "1:1: {{range}} has no {{end}}"],
  ["{{ if true }}a{{ else }}b{{ else }}c{{ end }}", "1:1: {{if}} has no {{end}}"],
  ["a{{ end }}", "1:5: unexpected {{end}}"],
  ["{{ else }}", "1:4: unexpected {{else}}"],
  ["{{ if }}x{{ end }}", 'a value is missing in if, found "}}"'],
  ["{{ }}", "a value is missing in command"],
  ['{{ "a" | 1 }}', "only a function can be given what stands before |"],
  ["{{ (1 }}", "a ) is missing"],
  ["{{ 1 | }}", "a value is missing"],
  ["{{ break }}", "1:1: {{break}} outside {{range}}"],
  ['{{ template "no" }}', '1:1: template "no" is not defined'],
  ["{{ template 1 }}", "{{template}} needs a name in quotes"],
  ['{{ define "a" }}{{ end }}{{ define "a" }}{{ end }}', 'template "a" is defined twice'],
  ['{{ define "a" }}{{ $labels }}{{ end }}', "undefined variable $labels"],
  ["{{ with $a, $b := 1 }}{{ end }}", "undefined variable $a"],
  ['{{ "a".Field }}', '"a" has no fields'],
  ["{{ 1..2 }}", "unexpected"],
  ["{{ 0b12 }}", "unexpected"],
  [`{{ ${"(".repeat(60)} }}`, "nests deeper than 50 levels"],
  ["x".repeat(MAX_TEMPLATE_LENGTH + 1), `longer than ${MAX_TEMPLATE_LENGTH}`],
])("%.60s is refused: %s", (text, message) => expect(() => parseTemplate(text)).toThrow(message));

test("knows which labels are read", () => {
  const text =
    "{{ $labels.a }}{{ .Labels.b }}{{ $.Labels.c }}{{ if $labels.d }}{{ humanize $labels.e }}{{ end }}{{ $externalLabels.f }}{{ .Value }}";
  expect([...parseTemplate(text).labelsRead]).toEqual(["a", "b", "c", "d", "e"]);
});

test("keeps the text as it was written", () => {
  expect(parseTemplate(" {{- 1 }} ").text).toBe(" {{- 1 }} ");
});
