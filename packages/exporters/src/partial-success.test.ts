import { silentLog, systemClock } from "@rondo/core";
import { Recurring } from "@rondo/delivery";
import { encodeResponse } from "@rondo/otlp";
import { expect, test } from "vitest";
import { acceptedVerdict, readResponse, refusedVerdict, words } from "./partial-success.ts";

const batch = { signal: "logs", tenant: "default", items: 5, body: new Uint8Array(0) } as const;
const trouble = () => new Recurring(silentLog, systemClock);

test("a backend's words are one bounded line without control characters", () => {
  expect(words("bad\r\n\u001b[31mthing\u0000")).toBe("bad [31mthing");
  expect(words("x".repeat(1_000)).length).toBe(301);
});

test("reads answers, and tells garbage from them", () => {
  expect(readResponse(new Uint8Array(0))).toEqual({ rejected: 0, message: "" });
  expect(readResponse(encodeResponse("logs", { rejected: 2, message: "m" }))).toEqual({ rejected: 2, message: "m" });
  expect(readResponse(Buffer.from("<html>"))).toBeUndefined();
});

test.each([
  [0, 0],
  [2, 2],
  [9, 5],
  [-3, 0],
])("a claim of %d rejected items drops %d of 5", (rejected, dropped) => {
  const verdict = acceptedVerdict(batch, { rejected, message: "" }, trouble());
  expect(verdict.kind === "settled" && verdict.drops.reduce((sum, { items }) => sum + items, 0)).toBe(dropped);
});

test("what a backend rejected item by item is known by its bytes only when it is all of a request", () => {
  const bodies = [2, 5].map((rejected) => acceptedVerdict(batch, { rejected, message: "" }, trouble()));
  expect(bodies.map((verdict) => verdict.kind === "settled" && verdict.drops[0]?.body)).toEqual([
    undefined,
    batch.body,
  ]);
  expect(bodies).not.toContainEqual(expect.objectContaining({ together: true }));
});

test("a refusal drops the whole batch under its reason, for whichever of its items", () => {
  expect(refusedVerdict(batch, "no", trouble())).toEqual({
    kind: "settled",
    drops: [{ reason: "backend_rejected", items: 5, detail: "no", body: batch.body, together: true }],
  });
});
