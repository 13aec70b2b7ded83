import { expect, test } from "vitest";
import { PROTOCOLS } from "./protocol.ts";
import { verdictOf } from "./verdict-of.ts";

const chunk = { rows: [], points: 10, samples: 40 };
const V1 = PROTOCOLS["prometheus.WriteRequest"];
const V2 = PROTOCOLS["io.prometheus.write.v2.Request"];

const answer = (statusCode: number, said = "", headers: Record<string, string> = {}) => ({
  statusCode,
  headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  body: Buffer.from(said),
  cut: false,
});
const wrote = (samples: number) => ({ "x-prometheus-remote-write-samples-written": String(samples) });

test("version 1 is all or nothing", () => {
  expect(verdictOf(answer(204), chunk, V1, 0)).toEqual({ drops: [] });
  expect(verdictOf(answer(400, "out of order sample\n"), chunk, V1, 0)).toEqual({
    drops: [{ reason: "backend_rejected", items: 10, detail: "HTTP 400: out of order sample" }],
    together: true,
  });
});

test.each([
  [204, 40, 0],
  [204, 36, 1],
  [400, 20, 5],
  [400, 39, 1],
  [400, 0, 10],
  [400, 99, 0],
])("version 2 with status %d wrote %d of 40 samples: %d of 10 points are lost", (status, written, items) => {
  const outcome = verdictOf(answer(status, "why", wrote(written)), chunk, V2, 0);
  expect(outcome).toMatchObject({ drops: items === 0 ? [] : [{ reason: "backend_rejected", items }] });
});

test("version 2 without a count: refused is refused, accepted is not to be believed", () => {
  expect(verdictOf(answer(400, "why"), chunk, V2, 0)).toMatchObject({ drops: [{ items: 10 }] });
  expect(verdictOf(answer(200), chunk, V2, 0)).toMatchObject({ kind: "retry", fault: { code: "config" } });
  expect(verdictOf(answer(415), chunk, V2, 0)).toMatchObject({ kind: "retry", fault: { code: "config" } });
  expect(verdictOf(answer(415), chunk, V1, 0)).toMatchObject({ kind: "retry", fault: { code: "config" } });
});

test("later is later, with the time that was asked for", () => {
  expect(verdictOf(answer(429, "", { "retry-after": "2" }), chunk, V1, 0)).toMatchObject({
    kind: "retry",
    afterMs: 2_000,
    fault: { code: "throttled" },
  });
  expect(verdictOf(answer(500), chunk, V2, 0)).toMatchObject({ kind: "retry", fault: { code: "unavailable" } });
});
