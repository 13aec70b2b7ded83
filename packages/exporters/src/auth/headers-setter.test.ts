import { type Meta, readFields } from "@rondo/core";
import { expect, test } from "vitest";
import { recordingPlace } from "../place.cases.ts";
import { headersSetterExtension } from "./headers-setter.ts";

function read(...headers: object[]) {
  const place = recordingPlace();
  const values = readFields(headersSetterExtension.fields, { headers }, place);
  if (values !== undefined) headersSetterExtension.check?.(values, place);
  return { values, place };
}

/** What becomes of these headers. */
function after(rules: object[], before: Record<string, string>, meta: Meta = {}): Record<string, string> {
  const { values, place } = read(...rules);
  if (values === undefined || place.problems.length > 0) throw new Error(place.problems.join());
  const headers = new Map(Object.entries(before));
  headersSetterExtension.setHeaders?.(values)(headers, meta);
  return Object.fromEntries(headers);
}

const meta = { "x-tenant": ["a"], "x-many": ["1", "2"] };

test.each([
  ["insert", { x: "new" }, { x: "old" }],
  ["update", {}, { x: "new" }],
  ["upsert", { x: "new" }, { x: "new" }],
])("%s of a header that is absent, and of one that is there", (action, absent, present) => {
  const rule = { action, key: "X", value: "new" };
  expect([after([rule], {}), after([rule], { x: "old" })]).toEqual([absent, present]);
});

test("delete takes a header away, and upsert is what stands where nothing is said", () => {
  expect(after([{ action: "delete", key: "X" }], { x: "1", y: "2" })).toEqual({ y: "2" });
  expect(after([{ key: "X", value: "1" }], {})).toEqual({ x: "1" });
});

test("a value from the client, from a header in any case; several are one, and none is the default or empty", () => {
  const from = (from_context: string, more: object = {}) => after([{ key: "x", from_context, ...more }], {}, meta)["x"];
  expect(from("X-Tenant")).toBe("a");
  expect(from("x-many")).toBe("1, 2");
  expect(from("x-none")).toBe("");
  expect(from("x-none", { default_value: "d" })).toBe("d");
  expect(from("x-tenant", { default_value: "d" })).toBe("a");
  expect(from("constructor")).toBe("");
});

test("each rule sees what the ones before it did", () => {
  const rules = [
    { action: "delete", key: "a" },
    { action: "insert", key: "a", value: "1" },
    { action: "insert", key: "a", value: "2" },
  ];
  expect(after(rules, { a: "0" })).toEqual({ a: "1" });
});

test("what is read of clients is known beforehand, in lower case, and keeps requests apart", () => {
  const { values } = read({ key: "x", from_context: "X-Tenant" }, { key: "y", value: "1" });
  expect(values && headersSetterExtension.metadata?.(values)).toEqual({ keys: ["x-tenant"], sent: true });
});

test.each([
  [{ key: "x" }, "headers::0 upsert needs one of value and from_context"],
  [{ key: "x", value: "1", from_context: "y" }, "headers::0 upsert needs one of value and from_context, but both are"],
  [{ key: "x", action: "delete", value: "1" }, "headers::0::value is not used by delete"],
  [{ key: "x", value: "1", default_value: "2" }, "headers::0::default_value is used with from_context alone"],
  [{ key: "x y", value: "1" }, "headers::0::key must be the name of a header"],
  [{ key: "x!", value: "1" }, "headers::0::key must be the name of a header"],
  [{ key: "X-Trace-Bin", value: "1" }, "headers::0::key X-Trace-Bin is a name of binary metadata of gRPC"],
  [{ key: ":path", value: "1" }, "headers::0::key :path belongs to the protocol"],
  [{ key: "Content-Type", value: "1" }, "headers::0::key Content-Type belongs to the protocol"],
  [{ key: "grpc-timeout", value: "1" }, "headers::0::key grpc-timeout belongs to the protocol"],
  [{ key: "x", value: "canary\r\ny: z" }, "headers::0::value is no value of a header"],
  [{ key: "x", from_attribute: "subject" }, "headers::0::from_attribute is not built yet; use from_context or value"],
])("%j is refused", (rule, problem) => {
  const { place } = read(rule);
  expect(place.problems).toEqual([expect.stringContaining(problem)]);
  expect(place.problems.join()).not.toContain("canary");
});

test("no rule at all is refused", () => {
  expect(read().place.problems).toEqual([expect.stringContaining("headers is empty")]);
});
