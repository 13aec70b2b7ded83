import fc from "fast-check";
import { expect, test } from "vitest";
import { decodedItems, decodeRequest } from "./codec.ts";
import { countItems } from "./count.ts";
import { anyRequest, recorded } from "./request.cases.ts";
import { SIGNALS } from "./signal.ts";

test("counts what the codec finds", () => {
  fc.assert(
    fc.property(anyRequest, ([signal, body]) => {
      expect(countItems(signal, body)).toBe([...decodedItems(signal, decodeRequest(signal, body))].length);
    }),
  );
});

test("counts the recorded run", () => {
  const counts = SIGNALS.map((signal) =>
    recorded().reduce((sum, request) => sum + (request.signal === signal ? countItems(signal, request.body) : 0), 0),
  );
  expect(counts).toEqual([271, 151, 63]);
});

test("the empty request has no items", () => {
  for (const signal of SIGNALS) expect(countItems(signal, new Uint8Array(0))).toBe(0);
});

test("names the place where a frame is broken", () => {
  expect(() => countItems("logs", Uint8Array.of(0x0a, 4, 0x12, 9, 0, 0))).toThrow(
    "resourceLogs[0].scopeLogs: length 9 runs past the end of its message at byte 2",
  );
});
