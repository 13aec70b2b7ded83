import { anyValue, keyValue } from "@rondo/otlp";
import { expect, test } from "vitest";
import { ScopeSeries, type ScopeSurroundings } from "./scope-series.ts";
import { SeriesMemory } from "./series-memory.ts";
import { DEFAULT_STRATEGY } from "./strategy.ts";

const around: ScopeSurroundings = {
  naming: { namespace: "", strategy: DEFAULT_STRATEGY },
  memory: new SeriesMemory(),
  carried: [["zone", "eu"]],
  identity: [["job", "theirs"]],
  externalLabels: [["region", "r"]],
  scopeInfo: true,
};

/** Name `lib`, and an attribute that would like to be the name. */
const attribute = keyValue(Buffer.from("name"), anyValue("liar"));
const scope = Buffer.concat([Buffer.from("0a036c6962", "hex"), Buffer.from([0x1a, attribute.length]), attribute]);

test("scope, resource and external labels stand around those of a point", () => {
  const labels = new ScopeSeries(scope, "", around).labelsOf([
    ["zone", "us"],
    ["job", "mine"],
    ["region", "mine"],
  ]);
  expect(labels.labels()).toEqual([
    ["job", "theirs"],
    ["otel_scope_name", "lib"],
    ["region", "mine"],
    ["zone", "eu"],
  ]);
});

test("without scope information a scope leaves no trace", () => {
  const labels = new ScopeSeries(scope, "url", { ...around, scopeInfo: false, carried: [] }).labelsOf([]);
  expect(labels.labels()).toEqual([
    ["job", "theirs"],
    ["region", "r"],
  ]);
});
