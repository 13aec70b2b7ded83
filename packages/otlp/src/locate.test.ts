import { expect, test } from "vitest";
import { located, pathOf } from "./locate.ts";
import { WireError } from "./wire-error.ts";

// One resource with an attribute, then two scopes with a span of a name each.
const body = Buffer.from(
  "0a1d" + "0a0b0a090a016b12040a027676" + "1206" + "12042a026161" + "1206" + "12042a026262",
  "hex",
);

test.each([
  [0, "resourceSpans[0]"],
  [6, "resourceSpans[0].resource.attributes[0].key"],
  [13, "resourceSpans[0].resource.attributes[0].value.stringValue"],
  [20, "resourceSpans[0].scopeSpans[0].spans[0].name"],
  [29, "resourceSpans[0].scopeSpans[1].spans[0].name"],
])("byte %i is %s", (offset, path) => {
  expect(pathOf("traces", body, offset)).toBe(path);
});

test("an error gets its path, and keeps it", () => {
  const fail = (error: Error) => () =>
    located("traces", body, () => {
      throw error;
    });
  expect(fail(new WireError("odd", 20))).toThrow("resourceSpans[0].scopeSpans[0].spans[0].name: odd at byte 20");
  expect(fail(new WireError("odd", 20, "here"))).toThrow("here: odd at byte 20");
  expect(fail(new TypeError("bug"))).toThrow(TypeError);
});
