import { afterEach, expect, test, vi } from "vitest";
import { EXIT, processOut } from "./out.ts";

afterEach(() => vi.restoreAllMocks());

test("a line goes to standard output and an error to standard error, each with one line end", () => {
  const written: [stream: string, text: unknown][] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => Boolean(written.push(["out", text])));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => Boolean(written.push(["err", text])));
  processOut.line("delivered");
  processOut.error("not delivered");
  expect(written).toEqual([
    ["out", "delivered\n"],
    ["err", "not delivered\n"],
  ]);
});

test("the exit codes are the ones that scripts were told of", () => {
  expect(EXIT).toEqual({ ok: 0, failed: 1, usage: 2 });
});
