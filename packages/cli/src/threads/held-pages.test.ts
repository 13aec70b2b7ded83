import { expect, test } from "vitest";
import { HeldPages } from "./held-pages.ts";

const family = (name: string) => ({ name, head: [], rows: [] });

test("a page is kept, not served, and its part is what it holds when it is asked for", async () => {
  const held = new HeldPages();
  const address = { host: "127.0.0.1", port: 1, text: "127.0.0.1:1" };
  const asked: string[] = [];
  const parts = (format: string) => {
    asked.push(format);
    return [[family("a")], [family("b")]];
  };
  expect(await held.part({ exporter: "prometheus", format: "text" })).toEqual([]);
  expect(await held.serve({ id: "prometheus", address, openMetrics: false, parts })).toBeUndefined();
  expect(await held.part({ exporter: "prometheus", format: "openmetrics" })).toEqual([family("a"), family("b")]);
  expect(await held.part({ exporter: "prometheus/b", format: "text" })).toEqual([]);
  expect(asked).toEqual(["openmetrics"]);
});
