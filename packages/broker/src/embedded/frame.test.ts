import fc from "fast-check";
import { expect, test } from "vitest";
import { bodyIsWhole, decodeHeader, decodeRecords, encodeHeader, encodeRecords, type FrameHeader } from "./frame.ts";

const SALT = 0x5eed;
const header: FrameHeader = {
  kind: "records",
  stream: 7,
  base: 2 ** 40 + 1,
  count: 2,
  timestamp: Date.UTC(2026, 10, 23),
  synced: 123_456_789_012,
  bodyLength: 42,
  bodyCrc: 0xdeadbeef,
};

const records = fc.array(
  fc.record({
    headers: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
    value: fc.uint8Array({ maxLength: 30_000 }),
  }),
  { minLength: 1, maxLength: 4 },
);

test("a header reads back as it was written, beyond 32 bits", () => {
  expect(decodeHeader(encodeHeader(header, SALT), SALT)).toEqual(header);
});

test("records read back as they were written, whatever is in them", () => {
  fc.assert(
    fc.property(records, (written) => {
      const body = encodeRecords(written, SALT);
      const bytes = Buffer.concat(body.chunks);
      expect(bytes.length).toBe(body.length);
      const whole = { ...header, bodyLength: body.length, bodyCrc: body.crc, base: 5, count: written.length };
      expect(bodyIsWhole(bytes, whole, SALT)).toBe(true);
      const read = decodeRecords(bytes, whole);
      expect(read.map(({ offset }) => offset)).toEqual(written.map((_, index) => 5 + index));
      for (const [index, { headers, value }] of written.entries()) {
        expect(read[index]?.headers).toEqual(headers);
        expect(Buffer.compare(read[index]?.value ?? Buffer.of(), value)).toBe(0);
      }
    }),
    { numRuns: 50 },
  );
});

test("any flipped bit of a header or a body is noticed", () => {
  const bytes = encodeHeader(header, SALT);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(decodeHeader(damaged, SALT)).toBeUndefined();
  }
  const body = encodeRecords([{ headers: { a: "b" }, value: Buffer.from("value") }], SALT);
  const whole = { ...header, bodyLength: body.length, bodyCrc: body.crc };
  const written = Buffer.concat(body.chunks);
  for (let bit = 0; bit < written.length * 8; bit++) {
    const damaged = Buffer.from(written);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(bodyIsWhole(damaged, whole, SALT)).toBe(false);
  }
});

test("a frame of another data directory is none", () => {
  expect(decodeHeader(encodeHeader(header, SALT + 1), SALT)).toBeUndefined();
});

test("large values are not copied on their way to the disk", () => {
  const value = Buffer.alloc(100_000, 1);
  expect(encodeRecords([{ headers: {}, value }], SALT).chunks).toContain(value);
});
