import { forEachItem, type ItemWhere, type Signal } from "@rondo/otlp";
import { REQUEST_TYPES } from "@rondo/otlp/codec";
import { expect, test } from "vitest";
import { attributesWhere, wheres } from "./item-where.ts";

/** For which items of a request, in order, a predicate holds. */
function holds(signal: Signal, message: object, where: ItemWhere): boolean[] {
  const answers: boolean[] = [];
  const body = REQUEST_TYPES[signal].encode(message).finish();
  forEachItem(signal, body, (item, around) => void answers.push(where(item, around)));
  return answers;
}

const spans = (...items: object[]) => ({ resourceSpans: [{ scopeSpans: [{ spans: items }] }] });
const logs = (...items: object[]) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: items }] }] });

test("every kind of span has the name of its number, one that is unknown none", () => {
  const kinds: string[] = [];
  const all = spans(...[0, 1, 2, 3, 4, 5, 17].map((kind) => ({ kind })));
  holds(
    "traces",
    all,
    wheres.spanKind((kind) => kinds.push(kind) > 0),
  );
  expect(kinds).toEqual(["SPAN_KIND_UNSPECIFIED", ...wheres.spanKinds, ""]);
});

test("a severity number matches from the least on; none matches only when that is asked for", () => {
  const records = logs(...[0, 1, 8, 9, 10, 24].map((severityNumber) => ({ severityNumber })));
  expect(holds("logs", records, wheres.severityNumber(9, false))).toEqual([false, false, false, true, true, true]);
  expect(holds("logs", records, wheres.severityNumber(9, true))).toEqual([true, false, false, true, true, true]);
});

test("severity texts and bodies are texts, whatever the body is", () => {
  const records = logs(
    { severityText: "INFO", body: { stringValue: "x" } },
    { body: { intValue: 5 } },
    { body: { arrayValue: { values: [{ boolValue: true }] } } },
    {},
  );
  const seen: string[] = [];
  holds(
    "logs",
    records,
    wheres.logBody((body) => seen.push(body) > 0),
  );
  expect(seen).toEqual(["x", "5", "[true]", ""]);
  expect(
    holds(
      "logs",
      records,
      wheres.severityText((text) => text === "INFO"),
    ),
  ).toEqual([true, false, false, false]);
});

test("a scope is asked for name and version, and all libraries must be it", () => {
  const scoped = (scope: object) => ({ resourceSpans: [{ scopeSpans: [{ scope, spans: [{}] }] }] });
  const is = (wanted: string) => (found: string) => found === wanted;
  const one = { isName: is("fl"), isVersion: is("1") };
  expect(holds("traces", scoped({ name: "fl", version: "1" }), wheres.libraries([one]))).toEqual([true]);
  expect(holds("traces", scoped({ name: "fl", version: "2" }), wheres.libraries([one]))).toEqual([false]);
  const other = { isName: is("x"), isVersion: () => true };
  expect(holds("traces", scoped({ name: "fl", version: "1" }), wheres.libraries([one, other]))).toEqual([false]);
});

test("what stands around is asked once for all its items", () => {
  let asked = 0;
  const where = wheres.service(() => ++asked > 0);
  const resource = (name: string, count: number) => ({
    resource: { attributes: [{ key: "service.name", value: { stringValue: name } }] },
    scopeSpans: [{ spans: Array.from({ length: count }, () => ({})) }],
  });
  expect(holds("traces", { resourceSpans: [resource("a", 50), resource("b", 50)] }, where)).toHaveLength(100);
  expect(asked).toBe(2);
});

test("NaN equals nothing, zeros of both signs each other", () => {
  const items = [0, -0, Number.NaN, 1].map((doubleValue) => ({ attributes: [{ key: "k", value: { doubleValue } }] }));
  const double = (value: number) => {
    const bytes = Buffer.alloc(9, 0x21);
    bytes.writeDoubleLE(value, 1);
    return bytes;
  };
  const where = (value: number) => attributesWhere.item([{ key: "k", value: double(value) }]);
  expect(holds("traces", spans(...items), where(0))).toEqual([true, true, false, false]);
  expect(holds("traces", spans(...items), where(Number.NaN))).toEqual([false, false, false, false]);
});
