import { type Batch, defineProcessor, flag, type Processed } from "@rondo/core";
import { SIGNALS } from "@rondo/otlp";
import { expect, test } from "vitest";
import { parseProcessorCases, runProcessorCase } from "./processor-cases.ts";

/** A processor that does what the test says. */
function doing(process: (batch: Batch) => Processed) {
  return defineProcessor({
    type: "doing",
    summary: "Does what a test says.",
    signals: SIGNALS,
    state: "none",
    drops: ["invalid_item"],
    fields: { on: flag("Whether.", true) },
    create: () => ({ process }),
  });
}

const pass = ({ items, body }: Batch): Processed => ({ parts: [{ items, body }] });

function whatFails(process: (batch: Batch) => Processed, yaml: string): readonly string[] {
  const found = parseProcessorCases(yaml).flatMap((one) => runProcessorCase(doing(process), one));
  return [...new Set(found.map(({ what }) => what))];
}

test("a case that holds has no mismatch, in every variant", () => {
  expect(whatFails(pass, "- {name: x, in: [{items: [{a: 1}]}], out: same}")).toEqual([]);
  expect(whatFails(pass, "- {name: x, in: [{items: [{a: 1, b: 2}]}], out: [{items: [{b: 2, a: 1}]}]}")).toEqual([]);
});

test("another output is a mismatch, be it only the type of a value", () => {
  expect(whatFails(pass, "- {name: x, in: [{items: [{a: 1}]}], out: [{items: [{a: 1.0}]}]}")).toEqual(["parts"]);
  expect(whatFails(pass, "- {name: x, in: [{items: [{a: 1}]}], parts: []}")).toEqual(["parts"]);
});

test("a copy is not the very bytes", () => {
  const copy = ({ items, body }: Batch) => ({ parts: [{ items, body: Buffer.from(body) }] });
  expect(whatFails(copy, "- {name: x, in: [{items: [{}]}], out: same}")).toEqual(["the very bytes that went in"]);
});

test("losing items without a drop is a mismatch, and so is a drop that the case does not name", () => {
  expect(whatFails(() => ({ parts: [] }), "- {name: x, in: [{items: [{}]}], parts: []}")).toEqual([
    "items in = items out + drops",
  ]);
  const drop = ({ items }: Batch): Processed => ({ parts: [], drops: [{ reason: "invalid_item", items }] });
  expect(whatFails(drop, "- {name: x, in: [{items: [{}]}], parts: []}")).toEqual(["drops"]);
  expect(whatFails(drop, "- {name: x, in: [{items: [{}]}], parts: [], drops: {invalid_item: 1}}")).toEqual([]);
});

test("a wrong number of items, other bytes the second time and a changed input are mismatches", () => {
  const miscount = ({ items, body }: Batch) => ({ parts: [{ items: items + 1, body }] });
  expect(whatFails(miscount, "- {name: x, in: [{items: [{}]}], out: same}")).toContain("items of every part");
  let runs = 0;
  const fickle = (batch: Batch) => (runs++ % 2 === 0 ? pass(batch) : { parts: [] });
  expect(whatFails(fickle, "- {name: x, signals: [logs], in: [{items: [{}]}], out: same}")).toEqual([
    "the same bytes twice",
  ]);
  const scribble = (batch: Batch) => {
    batch.body[batch.body.length - 1] = 0;
    return pass(batch);
  };
  expect(whatFails(scribble, "- {name: x, in: [{items: [{}]}], out: same}")).toContain("the input left as it was");
});

test("problems of a configuration are compared with their place", () => {
  const yaml = (problems: string) => `- {name: x, config: {on: 5}, problems: [${problems}]}`;
  expect(whatFails(pass, yaml('"on: must be true or false"'))).toEqual([]);
  expect(whatFails(pass, yaml('"off: must be"'))).toEqual(["problems"]);
  expect(whatFails(pass, "- {name: x, config: {on: 5}, in: [], out: same}")).toEqual(["problems"]);
});

test("a file of cases is a list", () => {
  expect(() => parseProcessorCases("name: x")).toThrow(/list/);
});
