import fc from "fast-check";
import { compress, uncompress } from "snappyjs";
import { expect, test } from "vitest";
import { PROTOCOLS, requestOf, writtenSamples } from "./protocol.ts";

test("a request says what its body is", () => {
  const chunk = { rows: [], points: 0, samples: 0 };
  for (const protocol of Object.values(PROTOCOLS)) {
    const { body, headers } = requestOf(chunk, protocol, false);
    expect(headers).toMatchObject({ ...protocol.headers, "content-encoding": "snappy", "content-length": body.length });
  }
});

test("what was compressed unpacks to the same bytes", () => {
  const bytes = fc
    .array(fc.uint8Array({ maxLength: 300 }), { maxLength: 400 })
    .map((parts) => new Uint8Array(Buffer.concat(parts)));
  fc.assert(
    fc.property(bytes, (body) => {
      expect(Buffer.from(uncompress(new Uint8Array(compress(body))))).toEqual(Buffer.from(body));
    }),
    { numRuns: 30 },
  );
});

test("only a number counts", () => {
  const header = "x-prometheus-remote-write-samples-written";
  expect(writtenSamples({ [header]: "12" })).toBe(12);
  expect(writtenSamples({ [header]: "many" })).toBeUndefined();
  expect(writtenSamples({})).toBeUndefined();
});
