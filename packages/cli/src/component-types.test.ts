import { SECTION_NAMES, SECTIONS, spellings } from "@rondo/config";
import { describe, expect, test } from "vitest";
import { COMPONENT_TYPES } from "./component-types.ts";

describe.each(SECTION_NAMES)("%s", (section) => {
  const built = SECTIONS[section].built(COMPONENT_TYPES);

  test("no spelling stands for two types", () => {
    const all = built.flatMap(spellings);
    expect(all.filter((name, index) => all.indexOf(name) < index)).toEqual([]);
  });

  test("every type is of the section's kind, says in a sentence what it does, and has documented fields", () => {
    for (const type of built) {
      expect(type.kind, type.type).toBe(SECTIONS[section].kind);
      expect(type.summary, type.type).toMatch(/^[A-Z].*\.$/);
      // The list's type has forgotten the fields' names, not what a field is.
      for (const [key, { docs }] of Object.entries(type.fields as Record<string, { docs: { doc: string } }>))
        expect(docs.doc, `${type.type}: ${key}`).toMatch(/\S/);
    }
  });
});

test("the components that the example needs to run are built", () => {
  const types = (list: readonly { readonly type: string }[]) => list.map(({ type }) => type);
  expect(types(COMPONENT_TYPES.receivers)).toContain("otlp");
  expect(types(COMPONENT_TYPES.processors)).toEqual(
    expect.arrayContaining(["memory_limiter", "batch", "attributes", "resource"]),
  );
  expect(types(COMPONENT_TYPES.exporters)).toEqual(expect.arrayContaining(["otlp", "otlphttp", "debug"]));
  expect(types(COMPONENT_TYPES.extensions)).toContain("health_check");
});
