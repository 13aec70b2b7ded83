import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { Aborts } from "./aborts.ts";

test("all who wait for a signal share one listener, and the last one to go takes it along", () => {
  const aborts = new Aborts();
  const { signal } = new AbortController();
  const ends = Array.from({ length: 100 }, () => aborts.on(signal, () => {}));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  for (const end of ends) end();
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  aborts.on(signal, () => {});
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
});

test("an abort runs those who still wait, once and in order, though they leave while it does", () => {
  const aborts = new Aborts();
  const abort = new AbortController();
  const ran: string[] = [];
  const waiting = ["a", "b", "c"].map((name) => {
    const end = aborts.on(abort.signal, () => {
      ran.push(name);
      end();
    });
    return end;
  });
  waiting[1]?.();
  abort.abort();
  expect(ran).toEqual(["a", "c"]);
});
