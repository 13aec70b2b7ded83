import { readFileSync } from "node:fs";
import { parseProcessorCases, runProcessorCase } from "@rondo/testkit/processor-cases";
import { describe, expect, test } from "vitest";
import { processorTypes } from "./index.ts";

describe.each(processorTypes.map((type) => ({ name: type.type, type })))("$name", ({ type }) => {
  const file = new URL(`./${type.type.replaceAll("_", "-")}.test.yaml`, import.meta.url);
  test.each(parseProcessorCases(readFileSync(file, "utf8")))("$name", (one) => {
    expect(runProcessorCase(type, one)).toEqual([]);
  });
});
