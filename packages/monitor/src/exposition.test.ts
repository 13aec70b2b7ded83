import { expect, test } from "vitest";
import { preferredFormat, writeNumber, writePage } from "./exposition.ts";

const counter = {
  name: "x_bytes_total",
  spec: { type: "counter", labels: ["a"], doc: 'Says "x\\y".\nTwice.', unit: "bytes" },
  series: [{ values: ['q"\\\n'], value: 2 }],
} as const;

test("Prometheus text 0.0.4: the family has the sample's name, quotes in help stay", () => {
  expect(writePage([counter], "text")).toBe(
    '# HELP x_bytes_total Says "x\\\\y".\\nTwice.\n# TYPE x_bytes_total counter\nx_bytes_total{a="q\\"\\\\\\n"} 2\n',
  );
});

test("OpenMetrics: the family has no _total, a unit and an end", () => {
  expect(writePage([counter], "openmetrics")).toBe(
    '# HELP x_bytes Says \\"x\\\\y\\".\\nTwice.\n# TYPE x_bytes counter\n# UNIT x_bytes bytes\nx_bytes_total{a="q\\"\\\\\\n"} 2\n# EOF\n',
  );
});

test("families without series are left out", () => {
  expect(writePage([{ ...counter, series: [] }], "text")).toBe("\n");
});

test.each([
  [Number.POSITIVE_INFINITY, "+Inf"],
  [Number.NEGATIVE_INFINITY, "-Inf"],
  [Number.NaN, "NaN"],
  [1e21, "1e+21"],
  [0.5, "0.5"],
])("%s is written %s", (value, written) => {
  expect(writeNumber(value)).toBe(written);
});

test.each([
  [undefined, "text"],
  ["*/*", "text"],
  ["text/html,application/xhtml+xml,*/*;q=0.8", "text"],
  ["application/openmetrics-text; version=1.0.0", "openmetrics"],
  ["application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1", "openmetrics"],
  ["application/openmetrics-text;q=0.1,text/plain;q=0.9", "text"],
  ["application/openmetrics-text;q=0", "text"],
  ["Application/OpenMetrics-Text;Q=bad", "text"],
])("Accept %s means %s", (accept, format) => {
  expect(preferredFormat(accept)).toBe(format);
});
