import fc from "fast-check";
import { expect, test } from "vitest";
import { countProfiles } from "./count-profiles.ts";
import { Wire } from "./cursor.ts";
import { REQUEST_BOUNDS } from "./validate.ts";
import { WireError } from "./wire-error.ts";
import { Writer } from "./writer.ts";

/** Resources of scopes of profiles, each profile as bytes that nobody reads; other fields stand between them. */
function request(resources: readonly (readonly (readonly Uint8Array[])[])[], dictionary: Uint8Array): Uint8Array {
  const out = new Writer();
  for (const scopes of resources) {
    const resource = out.open(1);
    for (const profiles of scopes) {
      const scope = out.text(3, "schema").open(2);
      for (const profile of profiles) out.bytes(2, profile);
      out.close(scope);
    }
    out.close(resource).tag(99, Wire.varint).varint(7);
  }
  return out.bytes(2, dictionary).finish();
}

const bytes = fc.uint8Array({ maxLength: 200 });

test("profiles are counted, whatever is in them, in the dictionary and beside", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.array(bytes))), bytes, (resources, dictionary) => {
      expect(countProfiles(request(resources, dictionary))).toBe(resources.flat(2).length);
    }),
  );
});

test("any bytes are a number of profiles or a WireError", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (body) => {
      try {
        expect(countProfiles(body)).toBeGreaterThanOrEqual(0);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(WireError);
      }
    }),
  );
});

test.each([
  ["resource_profiles", [0x08, 1]],
  ["dictionary", [0x10, 1]],
  ["scope_profiles", [0x0a, 2, 0x10, 1]],
  ["profiles", [0x0a, 4, 0x12, 2, 0x10, 1]],
])("%s of another wire type is an error that names it", (name, body) => {
  expect(() => countProfiles(Uint8Array.from(body))).toThrow(new RegExp(`^${name}: is not a message at byte \\d`));
});

test.each([
  ["a length beyond the end", [0x0a, 9, 0]],
  ["a frame that ends within a field", [0x0a, 3, 0x12, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ["field number 0", [0x00, 1]],
])("%s is an error", (_, body) => {
  expect(() => countProfiles(Uint8Array.from(body))).toThrow(WireError);
});

test("more frames than any request has are refused before they are all walked", () => {
  const empty = (count: number, field: number) => Buffer.alloc(2 * count, Buffer.from([field * 8 + Wire.bytes, 0]));
  const { frames, items } = REQUEST_BOUNDS;
  expect(countProfiles(empty(frames, 1))).toBe(0);
  expect(() => countProfiles(empty(frames + 1, 1))).toThrow(/^resource_profiles: more than 500000 at byte 1000000$/);
  const profiles = (count: number) => new Writer().bytes(1, new Writer().bytes(2, empty(count, 2)).finish()).finish();
  expect(countProfiles(profiles(items))).toBe(items);
  expect(() => countProfiles(profiles(items + 1))).toThrow(/^profiles: more than 1000000 at byte/);
});
