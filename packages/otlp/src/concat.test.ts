import fc from "fast-check";
import { expect, test } from "vitest";
import { concatRequests } from "./concat.ts";
import { countItems } from "./count.ts";
import { Cursor } from "./cursor.ts";
import { canonical, requests } from "./request.cases.ts";
import { SIGNALS } from "./signal.ts";

test("a joined request has the items of all, and means what they mean in turn", () => {
  const lists = fc
    .constantFrom(...SIGNALS)
    .chain((signal) => fc.tuple(fc.constant(signal), fc.array(requests(signal), { maxLength: 4 })));
  fc.assert(
    fc.property(lists, ([signal, bodies]) => {
      const joined = concatRequests(bodies);
      expect(countItems(signal, joined)).toBe(bodies.reduce((sum, body) => sum + countItems(signal, body), 0));
      // Unknown fields of the request itself go behind the rest when encoded, so each body is compared without them.
      const resources = (body: Uint8Array) => canonical(signal, body).toString("hex");
      if (bodies.every((body) => !hasStrays(body))) expect(resources(joined)).toBe(bodies.map(resources).join(""));
    }),
  );
});

function hasStrays(body: Uint8Array): boolean {
  const cursor = new Cursor(body);
  while (cursor.next()) if (cursor.field !== 1) return true;
  return false;
}

test("a single body is not copied", () => {
  const body = Uint8Array.of(1, 2, 3);
  expect(concatRequests([body])).toBe(body);
  expect(concatRequests([]).length).toBe(0);
});
