import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wholeValue } from "../new-value.ts";
import type { InRecord, OutRecord } from "./record-batch.ts";
import { StateView, tryRecord } from "./state-view.ts";

/** A topic in which every record has the next offset. */
function topic(...records: readonly OutRecord[]): readonly InRecord[] {
  return records.map((record, offset) => ({
    ...record,
    value: record.value && wholeValue(record.value),
    offset,
    timestamp: 0,
  }));
}

/** What compaction may leave of a topic: of each key the last record. */
function compacted(records: readonly InRecord[]): readonly InRecord[] {
  const last = new Map(records.map((record) => [Buffer.from(record.key ?? []).toString(), record.offset]));
  return records.filter(({ key, offset }) => last.get(Buffer.from(key ?? []).toString()) === offset);
}

function viewOf(records: readonly InRecord[]): StateView {
  const view = new StateView();
  for (const record of records) view.apply(record);
  return view;
}

const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : Buffer.from(value).toString());
const put = (key: string, value: string | null, view = new StateView()) =>
  view.records({ key, value: value === null ? null : Buffer.from(value) });

describe("the first of several tries", () => {
  const tries = [tryRecord("k", "1", Buffer.from("one")), tryRecord("k", "2", Buffer.from("two"))];

  test("stands, also when another is taken back and the topic compacted", () => {
    const records = topic(...tries, tryRecord("k", "2", null));
    expect(text(viewOf(records).get("k"))).toBe("one");
    expect(text(viewOf(compacted(records)).get("k"))).toBe("one");
  });

  test("gives way to a put, and comes back neither with its end nor with compaction", () => {
    const view = viewOf(topic(...tries));
    const over = topic(...tries, ...put("k", "put", view));
    expect(text(viewOf(over).get("k"))).toBe("put");
    const records = topic(...over, ...put("k", null, viewOf(over)));
    expect(viewOf(records).get("k")).toBeUndefined();
    expect(viewOf(compacted(records).filter(({ value }) => value !== null)).get("k")).toBeUndefined();
  });
});

test("keys are listed in byte order, by their beginning", () => {
  const view = viewOf(topic(...["a/é", "a/Z", "a", "b/x", "a/z"].flatMap((key) => put(key, key))));
  expect(view.list("a/").map(([key]) => key)).toEqual(["a/Z", "a/z", "a/é"]);
  view.clear();
  expect(view.list("")).toEqual([]);
});

test("records of other kinds, or without a key, say nothing", () => {
  const odd = (key: string | null) => ({
    key: key === null ? null : Buffer.from(key),
    headers: {},
    value: Buffer.from("x"),
  });
  expect(viewOf(topic(odd(null), odd("z"), odd(""))).list("")).toEqual([]);
});

test("any compaction of any topic leaves what it says", () => {
  const key = fc.constantFrom("a", "b", "a/b");
  const value = fc.constantFrom("1", "2", null);
  const step = fc.oneof(
    fc.record({ put: fc.constant(true), key, value, unique: fc.constant("") }),
    fc.record({ put: fc.constant(false), key, value, unique: fc.constantFrom("x", "y", "z") }),
  );
  fc.assert(
    fc.property(fc.array(step), fc.nat(), (steps, cut) => {
      const view = new StateView();
      const records: InRecord[] = [];
      for (const one of steps) {
        const bytes = one.value === null ? null : Buffer.from(one.value);
        const written = one.put
          ? view.records({ key: one.key, value: bytes })
          : [tryRecord(one.key, one.unique, bytes)];
        for (const record of written) {
          const placed = {
            ...record,
            value: record.value && wholeValue(record.value),
            offset: records.length,
            timestamp: 0,
          };
          records.push(placed);
          view.apply(placed);
        }
      }
      // The newest records are never compacted.
      const at = cut % (records.length + 1);
      const kept = [...compacted(records.slice(0, at)), ...records.slice(at)];
      expect(
        viewOf(kept)
          .list("")
          .map(([name]) => name),
      ).toEqual(view.list("").map(([name]) => name));
    }),
  );
});
