import fc from "fast-check";
import { expect, test } from "vitest";
import { decodedItems, decodeRequest } from "./codec.ts";
import { countItems } from "./count.ts";
import { anyRequest, atLeast, mutatedRequest, recorded } from "./request.cases.ts";
import { SIGNALS, type Signal } from "./signal.ts";
import { forEachItem } from "./walk.ts";
import { WireError } from "./wire-error.ts";

test("counts what the codec finds", () => {
  fc.assert(
    fc.property(anyRequest, ([signal, body]) => {
      expect(countItems(signal, body)).toBe([...decodedItems(signal, decodeRequest(signal, body))].length);
    }),
  );
});

/** The number, or that there is none: a walk finds several faults in another order. */
function outcome(count: (signal: Signal, body: Uint8Array) => number, signal: Signal, body: Uint8Array): unknown {
  try {
    return count(signal, body);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return "malformed";
  }
}

test("finds of mutated bytes what a walk of all items finds, or that they are malformed", () => {
  const walk = (signal: Signal, body: Uint8Array) => {
    let items = 0;
    forEachItem(signal, body, () => void items++);
    return items;
  };
  fc.assert(
    fc.property(mutatedRequest, ([signal, body]) => {
      expect(outcome(countItems, signal, body)).toEqual(outcome(walk, signal, body));
    }),
    atLeast(500),
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
