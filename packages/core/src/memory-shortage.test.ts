import { expect, test } from "vitest";
import { Fault } from "./fault.ts";
import { memoryShortage } from "./memory-shortage.ts";

const thrownBy = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (thrown) {
    return thrown;
  }
};

test.each([
  ["V8", thrownBy(() => new ArrayBuffer(2 ** 50))],
  ["Node", thrownBy(() => Buffer.allocUnsafeSlow(2 ** 52))],
  ["zlib", Object.assign(new Error("insufficient memory"), { code: "Z_MEM_ERROR" })],
  ["zstd", Object.assign(new Error("not enough memory"), { code: "ZSTD_error_memory_allocation" })],
])("memory that %s does not get may be there later", (_, thrown) => {
  expect(memoryShortage(thrown)).toMatchObject({ code: "unavailable", cause: thrown });
});

test.each([
  new RangeError("Maximum call stack size exceeded"),
  Object.assign(new Error("invalid block type"), { code: "Z_DATA_ERROR" }),
  new Fault("invalid", "no"),
  "no",
])("anything else is not for it to judge: %s", (thrown) => {
  expect(memoryShortage(thrown)).toBeUndefined();
});
