/** Shows a running process while it runs: a table redrawn in place on a terminal, a line every few seconds elsewhere. */
import type { Clock } from "@rondo/core";
import type { Out } from "../out.ts";
import { plainLine } from "./plain-line.ts";
import type { Snapshot } from "./snapshot.ts";
import { Block, type Terminal } from "./terminal.ts";
import { viewModel } from "./view-model.ts";

/** What a view needs. */
export interface LiveViewOptions {
  /** Called for every frame, four times a second; it should only read numbers. */
  readonly snapshot: () => Snapshot;
  /** Where the table is drawn; undefined: plain lines on `out`. */
  readonly terminal: Terminal | undefined;
  readonly out: Out;
  readonly clock: Clock;
}

/** A running view. */
export interface LiveView {
  /** Prints a line without disturbing the table. */
  line(text: string): void;
  /** Shows the last state once more, stops, and gives the terminal back as it was. A second call does nothing. */
  close(): void;
}

/** Four frames a second: enough to look alive, and no load. */
const FRAME_MS = 250;

/** Rates are taken over the last two seconds: over one frame they would jump. */
const RATE_FRAMES = 8;

/** Often enough to follow a run in a log, seldom enough not to fill it. */
const PLAIN_MS = 5000;

/** Starts a view. It keeps no process alive. */
export function liveView({ snapshot, terminal, out, clock }: LiveViewOptions): LiveView {
  const view = terminal === undefined ? plainView(snapshot, out, clock) : drawnView(snapshot, terminal, clock);
  let open = true;
  return {
    line: view.line,
    close() {
      if (open) view.close();
      open = false;
    },
  };
}

function drawnView(snapshot: () => Snapshot, terminal: Terminal, clock: Clock): LiveView {
  const block = new Block(terminal);
  const recent: Snapshot[] = [];
  const draw = () => {
    const now = snapshot();
    const { columns, rows } = terminal.size();
    // The last row stays free: drawing on it would scroll the window at every frame.
    block.draw(viewModel(now, recent[0], { columns, rows: Math.max(1, rows - 1) }));
    recent.push(now);
    if (recent.length > RATE_FRAMES) recent.shift();
  };
  const stop = every(clock, FRAME_MS, draw);
  draw();
  return {
    line: (text) => block.print(text),
    close() {
      stop();
      draw();
      block.close();
    },
  };
}

function plainView(snapshot: () => Snapshot, out: Out, clock: Clock): LiveView {
  let last = "";
  const print = () => {
    const line = plainLine(snapshot());
    // A process at rest would fill its log with one sentence.
    if (line !== last) out.line(line);
    last = line;
  };
  const stop = every(clock, PLAIN_MS, print);
  return {
    line: (text) => out.line(text),
    close() {
      stop();
      print();
    },
  };
}

/** Calls `run` every `ms`, beginning after the first, until the returned function is called. */
function every(clock: Clock, ms: number, run: () => void): () => void {
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(ms, tick, { background: true });
  };
  const tick = () => {
    run();
    next();
  };
  next();
  return () => cancel();
}
