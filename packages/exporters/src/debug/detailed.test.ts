import { expect, test } from "vitest";
import { detailedText } from "./detailed.ts";
import { attributeLines } from "./detailed-points.ts";
import { LOGS, METRICS, TRACES } from "./requests.cases.ts";

test("a span shows everything it has, in the Collector's layout", () => {
  expect(detailedText("traces", TRACES)).toBe(`ResourceSpans #0
Resource SchemaURL: https://schema
Resource attributes:
     -> service.name: Str(fl-server)
ScopeSpans #0
ScopeSpans SchemaURL: 
InstrumentationScope flower 1.2
InstrumentationScope attributes:
     -> scope-key: Str(v)
Span #0
    Trace ID       : 0102030405060708090a0b0c0d0e0f10
    Parent ID      : 1112131415161718
    ID             : 1112131415161718
    Name           : fit round
    Kind           : Server
    TraceState     : ot=th:0
    Start time     : 2020-02-11 20:26:12.000000321 +0000 UTC
    End time       : 2020-02-11 20:26:13.000000789 +0000 UTC
    Status code    : Error
    Status message : cancelled
    DroppedAttributesCount: 1
Attributes:
     -> client: Str(c-1)
     -> round: Int(3)
     -> loss: Double(0.5)
     -> done: Bool(true)
     -> raw: Bytes(AQID)
     -> none: Empty()
     -> nested: Map({"a":[1,"NaN"],"b":"x"})
Events:
SpanEvent #0
     -> Name: sent
     -> Timestamp: 2020-02-11 20:26:13.000000789 +0000 UTC
     -> DroppedAttributesCount: 2
     -> Attributes::
          -> size: Str(9)
    DroppedEventsCount: 1
Links:
SpanLink #0
     -> Trace ID: 0102030405060708090a0b0c0d0e0f10
     -> ID: 1112131415161718
     -> TraceState: 
     -> DroppedAttributesCount: 0
     -> Attributes::
          -> why: Str(retry)
    DroppedLinksCount: 3
Span #1
    Trace ID       : 
    Parent ID      : 
    ID             : 
    Name           : 
    Kind           : Unspecified
    Start time     : 1970-01-01 00:00:00 +0000 UTC
    End time       : 1970-01-01 00:00:00 +0000 UTC
    Status code    : Unset
    Status message : 
`);
});

test("a log record shows everything it has", () => {
  const lines = detailedText("logs", LOGS).split("\n");
  expect(lines.slice(4, 24)).toEqual([
    "ScopeLogs #0",
    "ScopeLogs SchemaURL: ",
    "InstrumentationScope  ",
    "LogRecord #0",
    "ObservedTimestamp: 1970-01-01 00:00:00 +0000 UTC",
    "Timestamp: 2020-02-11 20:26:13.000000789 +0000 UTC",
    "SeverityText: INFO",
    "SeverityNumber: Info2(10)",
    "EventName: round.end",
    "Body: Str(first",
    "second \u001b[31m)",
    "Attributes:",
    "     -> key1: Str(value1)",
    "Trace ID: 0102030405060708090a0b0c0d0e0f10",
    "Span ID: 1112131415161718",
    "Flags: 1",
    "LogRecord #1",
    "ObservedTimestamp: 1970-01-01 00:00:00 +0000 UTC",
    "Timestamp: 1970-01-01 00:00:00 +0000 UTC",
    "SeverityText: ",
  ]);
});

test("every type of metric shows its points", () => {
  const text = detailedText("metrics", METRICS);
  const of = (name: string) =>
    text
      .slice(text.indexOf(`-> Name: ${name}`))
      .split(/\nMetric #/, 1)[0]
      ?.split("\n")
      .slice(3);
  const stamps = [
    "Data point attributes:",
    "     -> site: Str(berlin)",
    "StartTimestamp: 2020-02-11 20:26:12.000000321 +0000 UTC",
    "Timestamp: 2020-02-11 20:26:13.000000789 +0000 UTC",
  ];
  expect(of("gauge")).toEqual(["     -> DataType: Gauge", "NumberDataPoints #0", ...stamps, "Value: 123"]);
  expect(of("sum")).toEqual([
    "     -> DataType: Sum",
    "     -> IsMonotonic: true",
    "     -> AggregationTemporality: Cumulative",
    "NumberDataPoints #0",
    ...stamps,
    "Value: 4.560000",
  ]);
  expect(of("histogram")).toEqual([
    "     -> DataType: Histogram",
    "     -> AggregationTemporality: Cumulative",
    "HistogramDataPoints #0",
    ...stamps,
    "Count: 3",
    "Sum: 15.000000",
    "Min: 1.000000",
    "Max: 9.000000",
    "ExplicitBounds #0: 0.500000",
    "ExplicitBounds #1: 2.000000",
    "Buckets #0, Count: 0",
    "Buckets #1, Count: 2",
    "Buckets #2, Count: 1",
    "Exemplars:",
    "Exemplar #0",
    "     -> Trace ID: 0102030405060708090a0b0c0d0e0f10",
    "     -> Span ID: 1112131415161718",
    "     -> Timestamp: 2020-02-11 20:26:13.000000789 +0000 UTC",
    "     -> Value: 15.000000",
    "     -> FilteredAttributes:",
    "          -> e: Str(x)",
  ]);
  expect(of("exponential")).toEqual([
    "     -> DataType: ExponentialHistogram",
    "     -> AggregationTemporality: Delta",
    "ExponentialHistogramDataPoints #0",
    ...stamps,
    "Count: 5",
    "Sum: 0.150000",
    "Bucket [-1.414214, -1.000000), Count: 1",
    "Bucket [-1.000000, -0.707107), Count: 1",
    "Bucket [0, 0], Count: 1",
    "Bucket (1.414214, 2.000000], Count: 1",
    "Bucket (2.000000, 2.828427], Count: 1",
  ]);
  expect(of("summary")).toEqual([
    "     -> DataType: Summary",
    "SummaryDataPoints #0",
    ...stamps,
    "Count: 1",
    "Sum: 15.000000",
    "QuantileValue #0: Quantile 0.010000, Value 15.000000",
  ]);
  expect(of("nothing")).toEqual(["     -> DataType: Empty", ""]);
});

test("attributes stand deeper under a heading that is an item itself; none need no heading", () => {
  expect(attributeLines("Attributes", [])).toEqual([]);
  expect(attributeLines("Attributes", [{ key: "a" }])).toEqual(["Attributes:", "     -> a: Empty()"]);
  expect(attributeLines("     -> Attributes:", [{ key: "a" }])[1]).toBe("          -> a: Empty()");
});
