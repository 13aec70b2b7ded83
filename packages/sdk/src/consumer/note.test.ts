import fc from "fast-check";
import { expect, test } from "vitest";
import { readNote, writeNote } from "./note.ts";

test("property: a note reads back as it was written", () => {
  const number = fc.nat(Number.MAX_SAFE_INTEGER - 1);
  const origins = fc.record({ offset: number, part: fc.nat(1e6), at: number });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.option(origins, { nil: undefined }), (partitions, origin) => {
      const note = { partitions, ...(origin && { origin }) };
      expect(readNote(writeNote(note))).toEqual(note);
    }),
  );
});

test.each(["", "2 6", "1", "1 6 4", "1 6 4 0 x", "{}", "moved by hand"])("%j was written by somebody else", (text) => {
  expect(readNote(text)).toEqual({});
});
