import fc from "fast-check";
import { expect, test } from "vitest";
import { parseComponentId } from "./id.ts";

test("an id is a type, or a type and a name; spaces around either are not meant", () => {
  expect(parseComponentId("otlp")).toEqual({ type: "otlp", text: "otlp" });
  expect(parseComponentId("otlp/site")).toEqual({ type: "otlp", name: "site", text: "otlp/site" });
  expect(parseComponentId("otlp / site")).toEqual({ type: "otlp", name: "site", text: "otlp/site" });
  // Only the first slash parts the two, and a name is free text, as in the Collector.
  expect(parseComponentId("otlp/site/7 (süd)")).toMatchObject({ type: "otlp", name: "site/7 (süd)" });
});

test.each(["", "/site", "7up", "otlp-http", "o.t.l.p", `a${"b".repeat(63)}`])("%j is refused for its type", (text) => {
  expect(() => parseComponentId(text)).toThrow(`"${text}" is not a component id: the type must be`);
});

test.each(["otlp/", "otlp/  ", `otlp/${"x".repeat(1025)}`])("%j is refused for its name", (text) => {
  expect(() => parseComponentId(text)).toThrow("the name after the slash must have 1 to 1024 characters");
});

test("the limits themselves are allowed", () => {
  const [type, name] = [`a${"b".repeat(62)}`, "x".repeat(1024)];
  expect(parseComponentId(`${type}/${name}`)).toMatchObject({ type, name });
});

test("the text of an id parses to the same id", () => {
  const type = fc.stringMatching(/^[A-Za-z][0-9A-Za-z_]{0,20}$/);
  const name = fc.string({ minLength: 1, maxLength: 40 }).filter((text) => text.trim() !== "");
  fc.assert(
    fc.property(type, fc.option(name, { nil: undefined }), (kind, called) => {
      const id = parseComponentId(called === undefined ? kind : `${kind}/${called}`);
      expect(id).toMatchObject({ type: kind, ...(called !== undefined && { name: called.trim() }) });
      expect(parseComponentId(id.text)).toEqual(id);
    }),
  );
});

test("what is wrong is a fault of the configuration", () => {
  expect(() => parseComponentId("")).toThrow(expect.objectContaining({ name: "Fault", code: "config" }));
});
