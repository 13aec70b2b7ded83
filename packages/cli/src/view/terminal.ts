/** A block of lines that is redrawn in place at the bottom of a terminal, with other lines scrolling by above it. */
import type { Line, Room, Tone } from "./view-model.ts";

/** What the view needs of a terminal. */
export interface Terminal {
  write(text: string): void;
  /** The size now; it may change at any time. */
  size(): Room;
  /** Whether lines may be coloured. */
  readonly colours: boolean;
}

/** What `terminalOn` needs of a stream; process.stdout has it. */
export interface TerminalStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/**
 * The terminal behind a stream; undefined when there is none. `noColor` is the value of NO_COLOR: any text in it forbids
 * colours (no-color.org).
 */
export function terminalOn(stream: TerminalStream, noColor: string | undefined): Terminal | undefined {
  if (stream.isTTY !== true) return undefined;
  return {
    write: (text) => void stream.write(text),
    size: () => ({ columns: stream.columns ?? 80, rows: stream.rows ?? 24 }),
    colours: noColor === undefined || noColor === "",
  };
}

/** ECMA-48 control sequences. */
const ESC = "\u001b[";
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;
const CLEAR_LINE_REST = `${ESC}K`;
const CLEAR_BELOW = `${ESC}J`;
/** Terminals that know them show what stands between at once; others ignore them. */
const BEGIN_FRAME = `${ESC}?2026h`;
const END_FRAME = `${ESC}?2026l`;

/** Select Graphic Rendition: bold, faint, none, yellow. They keep their meaning on dark and on light windows. */
const COLOURS: Readonly<Record<Tone, string>> = { title: "1", head: "2", plain: "", bad: "33" };

/** The block. Every change is one write, so that no half-drawn state is ever shown. */
export class Block {
  readonly #terminal: Terminal;
  #drawn: readonly Line[] = [];
  #columns = 0;
  #hidden = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Draws the lines over the ones drawn before. */
  draw(lines: readonly Line[]): void {
    this.#terminal.write(this.#frame([], lines));
  }

  /** Prints a line above the block; it scrolls away like any other output. */
  print(text: string): void {
    this.#terminal.write(this.#frame([text], this.#drawn));
  }

  /** Leaves the block as it stands, puts the cursor below it and shows it again. */
  close(): void {
    if (this.#hidden) this.#terminal.write(SHOW_CURSOR);
    this.#hidden = false;
    this.#drawn = [];
  }

  #frame(above: readonly string[], lines: readonly Line[]): string {
    const { columns } = this.#terminal.size();
    const hide = this.#hidden ? "" : HIDE_CURSOR;
    const text = [...above, ...lines.map((line) => this.#painted(line))].map((line) => `${line}${CLEAR_LINE_REST}\n`);
    const frame = BEGIN_FRAME + hide + this.#up(columns) + text.join("") + CLEAR_BELOW + END_FRAME;
    this.#drawn = lines;
    this.#columns = columns;
    this.#hidden = true;
    return frame;
  }

  /** To the first row of what is drawn. A window that became narrower has wrapped the long lines onto more rows. */
  #up(columns: number): string {
    const wraps = columns > 0 && columns < this.#columns;
    const rows = this.#drawn.reduce(
      (total, { text }) => total + (wraps ? Math.max(1, Math.ceil(text.length / columns)) : 1),
      0,
    );
    return rows === 0 ? "" : `${ESC}${rows}A\r`;
  }

  #painted({ text, tone }: Line): string {
    const colour = COLOURS[tone];
    return this.#terminal.colours && colour !== "" && text !== "" ? `${ESC}${colour}m${text}${ESC}0m` : text;
  }
}
