import { WireError } from "@rondo/otlp";
import { expect, test } from "vitest";
import { normalText } from "./normal.ts";
import { LOGS, METRICS, TRACES } from "./requests.cases.ts";

test("a span is a line with its name, ids and attributes, below its resource and scope", () => {
  expect(normalText("traces", TRACES).split("\n")).toEqual([
    "ResourceTraces #0 [https://schema] service.name=fl-server",
    "ScopeTraces #0 flower@1.2 scope-key=v",
    'fit round 0102030405060708090a0b0c0d0e0f10 1112131415161718 client=c-1 round=3 loss=0.5 done=true raw=AQID none= nested={"a":[1,"NaN"],"b":"x"}',
    "  ",
    "",
  ]);
});

test("a data point is a line with its metric, attributes and value", () => {
  expect(normalText("metrics", METRICS).split("\n").slice(2)).toEqual([
    "gauge{site=berlin} 123",
    "sum{site=berlin} 4.56",
    "histogram{site=berlin} count=3 sum=15 min=1 max=9 le0.5=0 le2=2 1",
    "exponential{site=berlin} count=5 sum=0.15 le0.7071067811865475=1 le1=1 le1.4142135623730951=1 le2.0000000000000004=1 zero_count0=1",
    "summary{site=berlin} count=1 sum=15.000000 q0.01=15",
    "",
  ]);
});

test("a log record is its body and attributes", () => {
  expect(normalText("logs", LOGS)).toBe(
    "ResourceLog #0 service.name=fl-server\nScopeLog #0\nfirst\nsecond \u001b[31m key1=value1\n\n",
  );
});

test("bytes that are no OTLP are a WireError", () => {
  expect(() => normalText("logs", Uint8Array.of(0x0a, 0x7f))).toThrow(WireError);
});
