import { expect, test } from "vitest";
import { type LetterHeaders, letterRecord, readLetter } from "./letter.ts";

const LETTER: LetterHeaders = {
  pipeline: "traces/sampled",
  exporter: "otlp/tempo",
  reason: "backend_rejected",
  detail: "HTTP 400: no",
  origin: "3:17:0/1",
  first: 4,
  tenant: "site-7",
  items: 2,
  at: 1_000,
  meta: { "x-site": ["a", "b"] },
};
const VALUE = new Uint8Array([1, 2]);

const back = (letter: LetterHeaders) => readLetter({ ...letterRecord(letter, VALUE), offset: 9, timestamp: 5 });

test("a letter is read back as it was written", () => {
  expect(back(LETTER)).toEqual(LETTER);
  const { exporter: _, detail: __, meta: ___, ...bare } = LETTER;
  const raw = { v: "9", tenant: "t" };
  expect(back({ ...bare, first: 0, raw })).toEqual({ ...bare, first: 0, raw });
});

test("what would be too large is cut or left out", () => {
  expect(back({ ...LETTER, detail: "x".repeat(9_000) }).detail).toHaveLength(500);
  expect(back({ ...LETTER, raw: { big: "x".repeat(20_000) } }).raw).toBeUndefined();
});

test("what somebody else wrote is still a letter", () => {
  const headers = { items: "many", meta: "{", raw: "7", first: "-1" };
  expect(readLetter({ offset: 0, timestamp: 5, headers, value: VALUE })).toEqual({
    ...{ pipeline: "", reason: "unexplained", origin: "", tenant: "default", first: 0, items: 0, at: 5 },
  });
});
