/** A terminal in memory, for the tests of what is drawn on one. */
import type { Terminal } from "./terminal.ts";

/** Interprets what the view writes, as a terminal would. */
export class Screen implements Terminal {
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
