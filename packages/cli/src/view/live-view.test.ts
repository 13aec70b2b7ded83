import { FakeClock } from "@rondo/testkit";
import { describe, expect, test } from "vitest";
import { liveView } from "./live-view.ts";
import { Screen } from "./screen.cases.ts";
import { EARLIER, FLOWING } from "./snapshot.cases.ts";

const out = () => {
  const lines: string[] = [];
  return { lines, line: (text: string) => void lines.push(text), error: (text: string) => void lines.push(text) };
};

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
