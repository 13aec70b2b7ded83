import { expect, test } from "vitest";
import { lexTemplate } from "./lex.ts";

const shown = (source: string) =>
  lexTemplate(source)
    .filter(({ kind }) => kind !== "space")
    .map(({ kind, text }) => (kind === "open" || kind === "close" ? text : `${kind}:${text}`))
    .join(" ");

test.each([
  ["plain", "text:plain"],
  ["a{{ $x }}b", "text:a {{ variable:$x }} text:b"],
  ["a {{- .A.B -}} b", "text:a {{ field:A field:B }} text:b"],
  ["{{ $ }}", "{{ variable:$ }}"],
  ["a{{/* no */}}b{{- /* no */ -}} c", "text:a text:b text:c"],
  [
    '{{ f "q\\t\\x41\\u00e9" `r\\` 1.5 -2 0x1F . | g (h) := = , }}',
    "{{ word:f string:q\tAé string:r\\ number:1.5 number:-2 number:0x1F mark:. mark:| word:g mark:( word:h mark:) mark::= mark:= mark:, }}",
  ],
  ["{{ }}", "{{ }}"],
  ["", ""],
])("%s", (source, tokens) => expect(shown(source)).toBe(tokens));

test.each([
  ["a\n{{ x", "2:1: unclosed action"],
  ['{{ "a }}', "1:4: unterminated quoted string"],
  ["{{ # }}", '1:4: unexpected "#"'],
  ["{{/* a }}", '1:3: unexpected "/"'],
  ['{{ "\\z" }}', '1:4: "\\z" has an escape that Go does not know'],
  ['{{ "\\U99999999" }}', '1:4: "\\U99999999" has an escape that Go does not know'],
])("%s is refused", (source, message) => expect(() => lexTemplate(source)).toThrow(message));
