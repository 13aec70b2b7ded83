import { systemClock } from "@rondo/core";
import { FakeClock } from "@rondo/testkit";
import { afterEach, expect, test } from "vitest";
import { joinParts, PageParts } from "./page-parts.ts";
import type { PageFamily, PageRow } from "./series-page.ts";

function family(name: string, rows: Readonly<Record<string, number>>, time = 1): PageFamily {
  const row = (value: number): PageRow => ({ labels: [["__name__", name]], value, time, seen: 0 });
  return {
    family: { name, kind: "gauge", unit: "", help: "" },
    rows: new Map(Object.entries(rows).map(([key, value]) => [key, row(value)])),
  };
}

const open: PageParts[] = [];
let page = 0;
afterEach(() => {
  page++;
  for (const parts of open.splice(0)) parts.close();
});

/** A holder with one family of its own name, which are told apart by number as threads are. */
function thread(me: number, serves: () => Promise<boolean> = async () => false, clock = systemClock) {
  const families = () => [family(`of_${me}`, { a: me })];
  const parts = new PageParts(String(page), { families, serves }, clock, me);
  open.push(parts);
  return parts;
}

const names = (parts: readonly (readonly PageFamily[])[]) => joinParts(parts).map(({ family: { name } }) => name);

test("a page is gathered from all threads that are there, whichever came first", async () => {
  const first = thread(1);
  const second = thread(2);
  await expect.poll(async () => names(await first.gather())).toEqual(["of_1", "of_2"]);
  thread(3);
  await expect.poll(async () => names(await first.gather())).toEqual(["of_1", "of_2", "of_3"]);
  second.close();
  await expect.poll(async () => names(await first.gather())).toEqual(["of_1", "of_3"]);
});

test("whether somebody else serves is known once he knows it himself", async () => {
  const bound = Promise.withResolvers<boolean>();
  thread(1, () => bound.promise);
  const asked = thread(2).servedElsewhere();
  bound.resolve(true);
  expect(await asked).toBe(true);
});

test("nobody serves when nobody says so in time", async () => {
  const clock = new FakeClock();
  const alone = thread(1, async () => true, clock).servedElsewhere();
  await clock.advance(1_000);
  expect(await alone).toBe(false);
});

test("a thread that does not answer is left out, and waited for once only", async () => {
  const clock = new FakeClock();
  const asker = thread(1, async () => false, clock);
  const silent = new BroadcastChannel(`rondo page ${page}`);
  const known = new Promise((resolve) => {
    silent.onmessage = resolve;
  });
  silent.postMessage({ kind: "hello", from: 2 });
  await known;
  const gathered = asker.gather();
  await clock.advance(1_000);
  expect(names(await gathered)).toEqual(["of_1"]);
  expect(names(await asker.gather())).toEqual(["of_1"]);
  silent.close();
});

test("of two values of one series the newer counts", () => {
  const parts = [
    [family("x", { a: 1, b: 1 }, 5)],
    [family("x", { a: 2, c: 2 }, 6), family("w", { a: 0 })],
    [family("x", { b: 3 }, 4)],
  ];
  const joined = joinParts(parts).map(({ family: { name }, rows }) => [
    name,
    [...rows].map(([key, { value }]) => [key, value]),
  ]);
  expect(joined).toEqual([
    ["w", [["a", 0]]],
    [
      "x",
      [
        ["a", 2],
        ["b", 1],
        ["c", 2],
      ],
    ],
  ]);
  expect(joinParts([])).toEqual([]);
});
