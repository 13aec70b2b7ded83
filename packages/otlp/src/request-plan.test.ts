import { expect, test } from "vitest";
import { Cursor } from "./cursor.ts";
import { type Container, containerAt, RequestPlan } from "./request-plan.ts";
import { Writer } from "./writer.ts";

/** A container (field 1) with a header (field 3) before and behind its children (field 2) of one byte each. */
const body = new Writer()
  .bytes(1, new Writer().text(3, "head").bytes(2, Uint8Array.of(1)).bytes(2, Uint8Array.of(2)).text(3, "tail").finish())
  .finish();
const header = "1a0468656164" + "1a047461696c";

/** The container of `body`, and the places of its children. */
function parsed(): { readonly container: Container; readonly children: readonly (readonly [number, number])[] } {
  const outer = new Cursor(body);
  outer.next();
  const inner = new Cursor(body);
  const container = containerAt(outer, inner, (field) => field.is(2, 2), 2);
  const children: (readonly [number, number])[] = [];
  inner.enter(outer);
  while (inner.next()) if (inner.is(2, 2)) children.push([inner.at, inner.stop]);
  return { container, children };
}

test("repeats the header of a container, in front of what is added to it", () => {
  const { container, children } = parsed();
  const made = children.map(([start, stop]) => {
    const plan = new RequestPlan(body);
    plan.add([container], start, stop, 1);
    return plan.finish();
  });
  const hex = made.map((piece) => `${piece.items}: ${Buffer.from(piece.body).toString("hex")}`);
  expect(hex).toEqual([`1: 0a0f${header}120101`, `1: 0a0f${header}120102`]);
});

test("foretells the exact size", () => {
  const { container, children } = parsed();
  const plan = new RequestPlan(body);
  for (const [start, stop] of children) {
    const size = plan.sizeWith([container], stop - start);
    plan.add([container], start, stop, 1);
    expect(plan.sizeWith([container], 0)).toBe(size);
  }
  const size = plan.sizeWith([], 0);
  expect(plan.finish()).toMatchObject({ items: 2, body: { length: size } });
});

test("closes what the next path does not hold, and opens it anew for a container that comes later", () => {
  const { container, children } = parsed();
  const [[start, stop] = [0, 0]] = children;
  const plan = new RequestPlan(body);
  plan.add([container, container], start, stop, 1);
  plan.add([], start, stop, 0);
  plan.add([{ ...container }], start, stop, 1);
  const one = `${header}120101`;
  expect(Buffer.from(plan.finish().body).toString("hex")).toBe(`0a1d${header}0a0f${one}1201010a0f${one}`);
});

test("is empty again when it is finished, and repeats the containers around what comes then", () => {
  const { container, children } = parsed();
  const plan = new RequestPlan(body);
  const made = children.map(([start, stop]) => {
    plan.add([container], start, stop, 1);
    const { items, body: piece } = plan.finish();
    return [items, Buffer.from(piece).toString("hex"), plan.empty, plan.items, plan.sizeWith([], 0)];
  });
  expect(made).toEqual(["0101", "0102"].map((end) => [1, `0a0f${header}12${end}`, true, 0, 0]));
});

test("nothing is the empty request", () => {
  const plan = new RequestPlan(body);
  expect(plan.empty).toBe(true);
  expect(plan.finish()).toEqual({ items: 0, body: Buffer.alloc(0) });
});
