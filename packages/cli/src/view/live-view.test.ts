import { FakeClock } from "@rondo/testkit";
import { describe, expect, test } from "vitest";
import { liveView } from "./live-view.ts";
import { EARLIER, FLOWING } from "./snapshot.cases.ts";
import { Block, type Terminal, terminalOn } from "./terminal.ts";

/** Interprets what the view writes, as a terminal would. */
class Screen implements Terminal {
  readonly writes: string[] = [];
  readonly colours: boolean;
  room = { columns: 80, rows: 30 };
  cursorShown = true;
  #lines: string[] = [""];
  #row = 0;

  constructor(colours = false) {
    this.colours = colours;
  }
  size() {
    return this.room;
  }
  write(text: string) {
    this.writes.push(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is tested here
    for (const [, sequence, other] of text.matchAll(/(\u001b\[[?0-9]*[A-Za-z])|([\s\S])/g)) {
      if (sequence !== undefined) this.#control(sequence.slice(2));
      else this.#put(other ?? "");
    }
  }
  get text() {
    return this.#lines.join("\n").trimEnd();
  }
  #column = 0;
  #put(char: string) {
    if (char === "\r") this.#column = 0;
    else if (char === "\n") {
      this.#row += 1;
      this.#column = 0;
      this.#lines[this.#row] ??= "";
    } else {
      const line = (this.#lines[this.#row] ?? "").padEnd(this.#column);
      this.#lines[this.#row] = line.slice(0, this.#column) + char + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }
  #control(sequence: string) {
    if (sequence === "?25l") this.cursorShown = false;
    else if (sequence === "?25h") this.cursorShown = true;
    else if (sequence === "K") this.#lines[this.#row] = (this.#lines[this.#row] ?? "").slice(0, this.#column);
    else if (sequence === "J")
      this.#lines.splice(this.#row, this.#lines.length, (this.#lines[this.#row] ?? "").slice(0, this.#column));
    else if (/^[0-9]+A$/.test(sequence)) this.#row = Math.max(0, this.#row - Number.parseInt(sequence, 10));
  }
}

const line = (text: string) => ({ text, tone: "plain" as const });
const out = () => {
  const lines: string[] = [];
  return { lines, line: (text: string) => void lines.push(text), error: (text: string) => void lines.push(text) };
};

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

describe("on a terminal", () => {
  test("the table is there at once, follows the numbers four times a second, and stays when the view ends", async () => {
    const clock = new FakeClock();
    const screen = new Screen();
    let now = EARLIER;
    const view = liveView({ snapshot: () => now, terminal: screen, out: out(), clock });
    expect(screen.text).toContain("Rondo is ready");
    now = FLOWING;
    await clock.advance(1000);
    expect(screen.writes).toHaveLength(5);
    expect(screen.text).toMatch(/ {2}spans +271 +0 +12\.5\n/);
    view.line("a warning");
    expect(screen.text).toMatch(/^a warning\nRondo is ready/);
    view.close();
    expect(screen.cursorShown).toBe(true);
    expect(screen.text).toContain("→ otlp/tempo");
    expect(clock.pending).toBe(0);
  });
});

describe("elsewhere", () => {
  test("a line comes every five seconds in which something changed, and one at the end", async () => {
    const clock = new FakeClock();
    const printed = out();
    let now = EARLIER;
    const view = liveView({ snapshot: () => now, terminal: undefined, out: printed, clock });
    await clock.advance(15_000);
    expect(printed.lines).toHaveLength(1);
    now = FLOWING;
    view.close();
    expect(printed.lines).toHaveLength(2);
    expect(printed.lines[1]).toContain("accepted 271 spans");
    expect(clock.pending).toBe(0);
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
