import fc from "fast-check";
import { expect, test } from "vitest";
import {
  deadLetterTopic,
  enrichedTopic,
  escapeName,
  exporterGroup,
  pipelineGroup,
  readGroupName,
  unescapeName,
  windowsGroup,
} from "./names.ts";

test("letters, digits and hyphens stay; every other byte is written in hex", () => {
  expect(escapeName("site-7/a_b.ü")).toBe("site-7_2Fa_5Fb_2E_C3_BC");
});

test("no two names become one", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
      // Node replaces lone surrogates when it writes UTF-8; fast-check's graphemes have none.
      expect(escapeName(a) === escapeName(b)).toBe(a === b);
    }),
  );
});

test("topics and groups are named after pipelines and exporters", () => {
  expect(enrichedTopic("traces", "traces")).toBe("otlp_spans.enriched");
  expect(enrichedTopic("logs", "logs/a/b")).toBe("otlp_logs.enriched.a_2Fb");
  expect(deadLetterTopic(enrichedTopic("traces", "traces"))).toBe("otlp_spans.enriched.dlq");
  expect(pipelineGroup("traces/sampled")).toBe("rondo.traces_2Fsampled");
  expect(exporterGroup("metrics", "otlp/tempo")).toBe("rondo.metrics.otlp_2Ftempo");
});

test("a pipeline whose topic would be too long or reserved is refused by name", () => {
  expect(() => enrichedTopic("traces", `traces/${"x".repeat(250)}`)).toThrow(/longer than 249/);
  // The name alone would just fit, and its dead letters' would not.
  expect(() => enrichedTopic("traces", `traces/${"x".repeat(229)}`)).toThrow(/longer than 249/);
  expect(enrichedTopic("traces", `traces/${"x".repeat(225)}`)).toHaveLength(245);
  expect(() => enrichedTopic("traces", "traces/dlq")).toThrow(/reserved for dead letters/);
});

test("what was escaped is read back, and a group says whose it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      expect(unescapeName(escapeName(name))).toBe(name);
    }),
  );
  expect(readGroupName(pipelineGroup("traces/a.b"))).toEqual({ pipeline: "traces/a.b" });
  expect(readGroupName(exporterGroup("traces", "otlp/tempo"))).toEqual({ pipeline: "traces", exporter: "otlp/tempo" });
  expect(readGroupName(windowsGroup("metrics"))).toBeUndefined();
  for (const other of ["rondo", "rondo.", "rondo.a.b.c", "others.traces"]) expect(readGroupName(other)).toBeUndefined();
});
