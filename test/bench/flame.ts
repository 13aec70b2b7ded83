/**
 * Draws a CPU profile of V8 as a flame graph: an SVG in which a box is as wide as its function's time with all that it called.
 * `node --conditions=source test/bench/flame.ts FILE.cpuprofile > docs/gateway-flame.svg`; profiles come from `PROFILE=folder` of a bench.
 */
import { readFileSync } from "node:fs";

const WIDTH = 1_000;
const ROW = 15;
/** Narrower boxes, in parts of the whole, are left out with all that is above them. */
const LEAST = 0.004;
/** Pixels of a letter, about. */
const LETTER = 6.2;

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function on the way from the root, its calls from there put together. */
interface Frame {
  readonly name: string;
  micros: number;
  readonly calls: Map<string, Frame>;
}

const [file = ""] = process.argv.slice(2);
// V8 writes nothing else into such a file.
const profile = JSON.parse(readFileSync(file, "utf8")) as Profile;

const own = new Map<number, number>();
for (const [index, id] of profile.samples.entries()) own.set(id, (own.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0));
const nodes = new Map(profile.nodes.map((node) => [node.id, node]));

function nameOf({ callFrame: { functionName, url } }: ProfileNode): string {
  const place = url.replace(/^.*\/packages\//, "").replace("/src/", "/");
  return `${functionName || "(anonymous)"}${place === "" ? "" : ` ${place}`}`;
}

/** Adds what a node and its callees took to `into`; returns the microseconds. */
function add(id: number, into: Map<string, Frame>): number {
  const node = nodes.get(id);
  if (node === undefined) return 0;
  const name = nameOf(node);
  // A process that waits costs nothing, and starting is not what is measured.
  if (name === "(idle)" || name.startsWith("executeUserEntryPoint")) return 0;
  const frame = into.get(name) ?? { name, micros: 0, calls: new Map<string, Frame>() };
  const micros = (node.children ?? []).reduce((sum, child) => sum + add(child, frame.calls), own.get(id) ?? 0);
  if (micros === 0) return 0;
  frame.micros += micros;
  into.set(name, frame);
  return micros;
}

const roots = new Map<string, Frame>();
const [root] = profile.nodes;
for (const child of root?.children ?? []) add(child, roots);
const whole = [...roots.values()].reduce((sum, { micros }) => sum + micros, 0);

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const boxes: string[] = [];
let deepest = 0;

function draw(frames: Iterable<Frame>, left: number, depth: number): void {
  let at = left;
  for (const { name, micros, calls } of [...frames].sort((a, b) => b.micros - a.micros)) {
    const width = (micros / whole) * WIDTH;
    if (width < LEAST * WIDTH) continue;
    deepest = Math.max(deepest, depth);
    const share = `${((micros / whole) * 100).toFixed(1)} %`;
    // Rondo's own files are orange, Node's and V8's grey.
    const fill = /\.ts$/.test(name) ? "#f0a050" : "#d0d0d0";
    const label = name.slice(0, Math.floor((width - 4) / LETTER));
    const y = depth * ROW;
    boxes.push(
      `<g><title>${escaped(name)}, ${share}</title><rect x="${at.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${fill}"/>` +
        `${label.length < 3 ? "" : `<text x="${(at + 2).toFixed(1)}" y="${y + 11}">${escaped(label)}</text>`}</g>`,
    );
    draw(calls.values(), at, depth + 1);
    at += width;
  }
}

draw(roots.values(), 0, 0);
const height = (deepest + 1) * ROW;
console.log(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="10">\n<title>CPU time by function</title>\n${boxes.join("\n")}\n</svg>`,
);
