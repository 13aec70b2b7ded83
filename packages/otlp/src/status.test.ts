import fc from "fast-check";
import { expect, test } from "vitest";
import * as generated from "./gen/codec.ts";
import { decodeStatus, encodeStatus, statusToJson } from "./status.ts";
import { WireError } from "./wire-error.ts";

// biome-ignore lint/suspicious/noExplicitAny: the generated codec has no types
const { Status, RetryInfo, BadRequest } = (generated.google as any).rpc;

test("the codec reads what was written", () => {
  const delays = fc.option(
    fc.integer({ min: 0, max: 10_000_000 }).map((tenths) => tenths / 10),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.nat(16), fc.string({ unit: "grapheme" }), delays, (code, message, retryDelayMs) => {
      const status = retryDelayMs === undefined ? { code, message } : { code, message, retryDelayMs };
      const bytes = encodeStatus(status);
      const read = Status.decode(bytes);
      expect([read.code, read.message, read.details.length]).toEqual([
        code,
        message,
        retryDelayMs === undefined ? 0 : 1,
      ]);
      expect(decodeStatus(bytes)).toEqual(status);
      if (retryDelayMs === undefined) return;
      expect(read.details[0].type_url).toBe("type.googleapis.com/google.rpc.RetryInfo");
      const { seconds, nanos } = RetryInfo.decode(read.details[0].value).retryDelay;
      expect(Number(seconds) * 1000 + nanos / 1e6).toBeCloseTo(retryDelayMs, 6);
    }),
  );
});

test("other details, unknown fields and negative delays do no harm", () => {
  const delay = RetryInfo.encode({ retryDelay: { seconds: { low: -1, high: -1, unsigned: false } } }).finish();
  const bytes = Status.encode({
    code: -1,
    details: [
      { type_url: "type.googleapis.com/google.rpc.BadRequest", value: Buffer.from("0a00", "hex") },
      { type_url: "type.googleapis.com/google.rpc.RetryInfo", value: delay },
    ],
  }).finish();
  expect(decodeStatus(Buffer.concat([bytes, Buffer.from([0xa2, 1, 0])]))).toEqual({
    code: -1,
    message: "",
    retryDelayMs: 0,
  });
  expect(() => decodeStatus(Uint8Array.of(0x12, 9))).toThrow(WireError);
});

test("a bad request names its violation, beside a delay if there is one", () => {
  const { details } = Status.decode(encodeStatus({ code: 3, message: "m", retryDelayMs: 1, badRequest: true }));
  const [delay, bad] = details;
  expect(delay.type_url).toBe("type.googleapis.com/google.rpc.RetryInfo");
  expect(bad.type_url).toBe("type.googleapis.com/google.rpc.BadRequest");
  expect(BadRequest.decode(bad.value).fieldViolations).toMatchObject([{ description: "m" }]);
  expect(JSON.parse(statusToJson({ code: 3, message: "m", badRequest: true }))).toEqual({
    code: 3,
    message: "m",
    details: [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ description: "m" }] }],
  });
});

test("JSON writes a delay as a duration", () => {
  const delay = (retryDelayMs: number) => JSON.parse(statusToJson({ code: 8, message: "m", retryDelayMs })).details[0];
  expect(delay(1500)).toEqual({ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.500s" });
  expect(delay(2000).retryDelay).toBe("2s");
  expect(delay(0.0005).retryDelay).toBe("0.000000500s");
  expect(statusToJson({ code: 3, message: 'a "b"' })).toBe('{"code":3,"message":"a \\"b\\""}');
});
