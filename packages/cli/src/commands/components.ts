/** `rondo components`: every component type that a configuration may name, those that run and those still to come. */
import { plannedOnly, SECTION_NAMES, SECTIONS, spellings } from "@rondo/config";
import type { ComponentTypes } from "@rondo/core";
import { COMPONENT_TYPES } from "../component-types.ts";
import { EXIT, type Out } from "../out.ts";

const WIDTH = 100;

/** Prints the list by section, with other spellings in parentheses. Returns 0. */
export function componentsCommand(out: Out, types: ComponentTypes = COMPONENT_TYPES): number {
  for (const section of SECTION_NAMES) {
    const { kind } = SECTIONS[section];
    const built = SECTIONS[section].built(types);
    const planned = plannedOnly(types, kind);
    if (built.length + planned.length === 0) continue;
    out.line(`${section}:`);
    for (const type of built) {
      const [name = type.type, ...others] = spellings(type);
      out.line(`  ${name}${others.length === 0 ? "" : ` (${others.join(", ")})`}`);
      for (const line of wrapped(type.summary, "      ")) out.line(line);
    }
    if (planned.length > 0) out.line(`  known, not built yet:`);
    for (const line of wrapped(planned.map(({ type }) => type).join(", "), "      ")) out.line(line);
  }
  return EXIT.ok;
}

/** Words in lines of at most WIDTH characters, each behind `indent`. */
function wrapped(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(indent + line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return line === "" ? lines : [...lines, indent + line];
}
