import { expect, test } from "vitest";
import { free } from "./free.ts";

test("memory that is not shared goes back at once", () => {
  const bytes = Buffer.allocUnsafeSlow(1 << 20);
  free(bytes);
  expect([bytes.length, bytes.buffer.byteLength]).toEqual([0, 0]);
  free(bytes);
});

test("memory that others look into stays", () => {
  const whole = Buffer.alloc(1_000, 7);
  const part = whole.subarray(10, 20);
  free(part);
  expect(part).toEqual(Buffer.alloc(10, 7));
  const shared = new Uint8Array(new SharedArrayBuffer(8));
  free(shared);
  expect(shared).toHaveLength(8);
});
