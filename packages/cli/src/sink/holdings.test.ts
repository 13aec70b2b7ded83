import { expect, test } from "vitest";
import { Holdings } from "./holdings.ts";

const item = (id: string, content = "c") => ({ id, name: `name of ${id}`, content });

test("items, ids and duplicates are counted for each signal apart", () => {
  const holdings = new Holdings();
  holdings.add("traces", [item("a"), item("b"), item("a")]);
  holdings.add("traces", [item("b")]);
  holdings.add("logs", [item("a")]);
  expect(holdings.count("traces")).toEqual({ requests: 2, items: 4, ids: 2, duplicates: 2, overflow: 0 });
  expect(holdings.count("logs")).toEqual({ requests: 1, items: 1, ids: 1, duplicates: 0, overflow: 0 });
  expect(holdings.count("metrics").requests).toBe(0);
});

test("an id that comes with another content shows both", () => {
  const holdings = new Holdings();
  holdings.add("logs", [item("a", "x"), item("a", "y"), item("a", "x")]);
  expect(holdings.held("logs")).toEqual([{ id: "a", name: "name of a", count: 3, contents: ["x", "y"] }]);
});

test("beyond the bound items are counted, and said to be beyond", () => {
  const holdings = new Holdings(2);
  holdings.add(
    "metrics",
    ["a", "b", "c", "d", "a"].map((id) => item(id)),
  );
  expect(holdings.count("metrics")).toEqual({ requests: 1, items: 5, ids: 2, duplicates: 1, overflow: 2 });
});

test("a reset forgets", () => {
  const holdings = new Holdings();
  holdings.add("logs", [item("a")]);
  holdings.reset();
  expect(holdings.count("logs").items).toBe(0);
  expect(holdings.held("logs")).toEqual([]);
});
