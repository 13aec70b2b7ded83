import { describe, expect, test } from "vitest";
import { Screen } from "./screen.cases.ts";
import { Block, terminalOn } from "./terminal.ts";

const line = (text: string) => ({ text, tone: "plain" as const });

describe("a block", () => {
  test("is drawn over itself, leaves nothing of a longer frame, and scrolls lines above it", () => {
    const screen = new Screen();
    const block = new Block(screen);
    block.draw([line("one one"), line("two"), line("three")]);
    block.draw([line("1"), line("2")]);
    expect(screen.text).toBe("1\n2");
    block.print("a log line");
    block.draw([line("I")]);
    expect(screen.text).toBe("a log line\nI");
  });

  test("hides the cursor while it is there, and gives it back", () => {
    const screen = new Screen();
    const block = new Block(screen);
    block.draw([line("x")]);
    expect(screen.cursorShown).toBe(false);
    block.close();
    block.close();
    expect(screen.cursorShown).toBe(true);
  });

  test("finds its first row again after the window became narrower and wrapped it", () => {
    const screen = new Screen();
    const block = new Block(screen);
    block.draw([line("x".repeat(70)), line("y")]);
    screen.room = { columns: 30, rows: 30 };
    block.draw([line("z")]);
    expect(screen.writes.at(-1)).toContain("\u001b[4A");
  });

  test("colours only where they are welcome", () => {
    for (const colours of [true, false]) {
      const screen = new Screen(colours);
      new Block(screen).draw([{ text: "dropped", tone: "bad" }]);
      expect(screen.writes.join("").includes("\u001b[33m")).toBe(colours);
    }
  });
});

test("a stream that is no terminal is none, and NO_COLOR forbids colours unless it is empty", () => {
  const write = () => true;
  expect(terminalOn({ write }, undefined)).toBeUndefined();
  const stream = { write, isTTY: true, columns: 100, rows: 50 };
  expect(terminalOn(stream, undefined)?.size()).toEqual({ columns: 100, rows: 50 });
  expect([undefined, "", "1"].map((value) => terminalOn(stream, value)?.colours)).toEqual([true, true, false]);
  expect(terminalOn({ write, isTTY: true }, undefined)?.size()).toEqual({ columns: 80, rows: 24 });
});
