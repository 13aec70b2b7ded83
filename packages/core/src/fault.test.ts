import { expect, test } from "vitest";
import { FAULT_CODES, Fault } from "./fault.ts";

test("a fault stays itself, with its own code", () => {
  const fault = new Fault("throttled", "tenant a: over ingest_rate");
  expect(Fault.from(fault, "unavailable")).toBe(fault);
  expect(fault.code).toBe("throttled");
});

test("anything else becomes a fault that keeps what was thrown as its cause", () => {
  const error = new TypeError("x is not a function");
  expect(Fault.from(error)).toMatchObject({ name: "Fault", code: "bug", message: "x is not a function", cause: error });
  expect(Fault.from(error, "corrupt").code).toBe("corrupt");
  expect(Fault.from("gone")).toMatchObject({ code: "bug", message: "gone", cause: "gone" });
  expect(Fault.from(undefined).message).toBe("undefined");
});

test("a fault is an Error whose stack names it", () => {
  const fault = new Fault("config", "receivers::otlp: is required");
  expect(fault).toBeInstanceOf(Error);
  expect(fault.stack).toContain("Fault");
});

test("every code says what it means in one sentence", () => {
  for (const [code, meaning] of Object.entries(FAULT_CODES)) expect(meaning, code).toMatch(/^[A-Z].*\.$/);
});
