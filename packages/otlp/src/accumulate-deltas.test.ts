import fc from "fast-check";
import { expect, test } from "vitest";
import { accumulateDeltas } from "./accumulate-deltas.ts";
import { decodedItems, decodeRequest, encodeRequest } from "./codec.ts";
import { countItems } from "./count.ts";
import { anyRequest } from "./request.cases.ts";
import { WireError } from "./wire-error.ts";

const point = (asInt: number, more: object = {}) => ({ timeUnixNano: asInt, asInt, ...more });
const delta = (...dataPoints: readonly object[]) => ({ name: "n", sum: { aggregationTemporality: 1, dataPoints } });
const request = (...metrics: readonly object[]) =>
  // Lists that are left out are empty ones.
  encodeRequest("metrics", { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] } as never);
const objects = (body: Uint8Array) => decodeRequest("metrics", body);

test("a request without deltas is handed on as it is", () => {
  const body = request(
    { name: "c", sum: { aggregationTemporality: 2, dataPoints: [point(1)] } },
    { name: "g", gauge: { dataPoints: [point(1)] } },
  );
  expect(accumulateDeltas(body, () => undefined)).toBe(body);
});

test("every delta point is asked for with what stands around it, and its metric becomes cumulative", () => {
  const body = request(delta(point(1), point(2)), { name: "g", gauge: { dataPoints: [point(3)] } }, delta(point(4)));
  const seen: unknown[] = [];
  const result = accumulateDeltas(body, (at, { data, attributes, metric }) => {
    seen.push([data, attributes, metric.length > 0]);
    return at.slice();
  });
  expect(seen).toEqual([1, 2, 4].map(() => [7, 7, true]));
  const cumulative = (...points: readonly object[]) => ({
    ...delta(),
    sum: { aggregationTemporality: 2, dataPoints: points },
  });
  expect(objects(result)).toEqual(
    objects(
      request(cumulative(point(1), point(2)), { name: "g", gauge: { dataPoints: [point(3)] } }, cumulative(point(4))),
    ),
  );
});

test("points grow and shrink, also over a length of another size, and nothing else moves", () => {
  const body = request(delta(point(1), point(2)));
  const long = Buffer.concat([Buffer.from([0x7a, 0xc8, 1]), Buffer.alloc(200)]);
  const result = accumulateDeltas(body, (at) => (at.slice()[1] === 1 ? at.slice() : long));
  expect(countItems("metrics", result)).toBe(2);
  expect(result.length).toBeGreaterThan(body.length + 180);
});

test("what holds no point any more goes, up to its resource; what was empty before stays", () => {
  const empty = { name: "empty", sum: { aggregationTemporality: 1, dataPoints: [] } };
  expect(objects(accumulateDeltas(request(delta(point(1)), empty), () => undefined))).toMatchObject({
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "empty", sum: { aggregationTemporality: 2 } }] }] }],
  });
  expect(accumulateDeltas(request(delta(point(1), point(2))), () => undefined)).toHaveLength(0);
});

test("as many items are left as were not taken, in any request of metrics", () => {
  fc.assert(
    fc.property(anyRequest, fc.array(fc.boolean(), { minLength: 1 }), ([signal, body], gone) => {
      if (signal !== "metrics") return;
      let asked = 0;
      let taken = 0;
      const result = accumulateDeltas(body, (at) => {
        if (!gone[asked++ % gone.length]) return at.slice();
        taken++;
        return undefined;
      });
      expect([...decodedItems("metrics", objects(result))]).toHaveLength(countItems("metrics", body) - taken);
    }),
  );
});

test("malformed frames are a WireError", () => {
  expect(() => accumulateDeltas(Uint8Array.of(0x0a, 9, 1), () => undefined)).toThrow(WireError);
});
