/** Measures the sources by the checklist of our style and keeps the table in docs/development.md: `npm run checklist`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DROP_REASONS } from "../packages/core/src/drop-reason.ts";
import { lineOf, matchesInCode } from "./scan-source.ts";
import { ROOT, readPackages, type SourceFile, sourcesBelow, trackedFiles } from "./workspace.ts";

/** One line of the table: what is asked, the bar, and where the sources stand. */
export interface Row {
  readonly ask: string;
  readonly bar: string;
  readonly value: string;
  readonly holds: boolean;
}

const PAGE = join(ROOT, "docs/development.md");
const BEGIN = "<!-- checklist: npm run checklist -->";
const END = "<!-- end of checklist -->";

const lines = (text: string) => text.split("\n").length - 1;

/** The value below which this share of the sorted numbers lies, as the classic awk line has it. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Lines of a file that hold nothing but comment, and lines that hold anything. */
export function commentLines({ source }: SourceFile): { readonly comment: number; readonly filled: number } {
  const bare = source.code.split("\n");
  const full = source.text.split("\n");
  const filled = full.filter((line) => line.trim() !== "").length;
  const comment = full.filter((line, index) => line.trim() !== "" && bare[index]?.trim() === "").length;
  return { comment, filled };
}

/** Lines where a comment stands. */
function commentedLines({ source }: SourceFile): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { start, stop } of source.comments)
    for (let line = lineOf(source.text, start); line <= lineOf(source.text, stop); line++) found.add(line);
  return found;
}

const ANY = /(?:[:<|&,([=]\s*|\b(?:as|extends)\s+)any\b(?!\s*[(:.])/g;
const BANG = /[\w\])]!(?=[.,;)\]]|\[)/g;
const RENAMES = /\b(?:import|export)\b[^;"]*?\bfrom\b|\bexport\s*(?:type\s*)?\{[^}]*\}/g;

/** A file whose imports and re-exports are blanked, so that their `as` is not taken for a cast. */
function withoutRenames(file: SourceFile): SourceFile {
  const code = file.source.code.replace(RENAMES, (found) => found.replace(/[^\n]/g, " "));
  return { ...file, source: { ...file.source, code } };
}

/** Casts of a file, and those without a comment on their line or in the four above. */
export function castsOf(file: SourceFile): { readonly all: number; readonly bare: readonly string[] } {
  const comments = commentedLines(file);
  const found = matchesInCode(withoutRenames(file).source, /\bas\s+(?!const\b)[\w{("[]/g);
  const bare = found.filter(({ line }) => ![0, 1, 2, 3, 4].some((above) => comments.has(line - above)));
  return { all: found.length, bare: bare.map(({ line }) => `${file.path}:${line}`) };
}

/** Exported names with no comment right above them. */
export function undocumented({ path, source }: SourceFile): readonly string[] {
  const declared =
    /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|const|let|class|interface|type|enum)\s+(\w+)/gm;
  const all = source.text.split("\n");
  return (
    [...source.code.matchAll(declared)]
      .filter((found) => !/(?:\*\/|^\s*\/\/.*)$/.test(all[lineOf(source.text, found.index) - 2] ?? ""))
      // Overloads share the comment of the first.
      .filter((found) => !new RegExp(`^export (?:async )?function ${found[1]}\\b[^{]*;$`, "m").test(source.code))
      .map((found) => `${path}: ${found[1]}`)
  );
}

const WINDOW = 8;

/** Places where the same eight lines of code stand a second time: copies that should be one. */
export function repeatedRuns(files: readonly SourceFile[]): readonly string[] {
  const seen = new Map<string, string>();
  const repeated: string[] = [];
  for (const { path, source } of files) {
    const code = source.text
      .split("\n")
      .map((line, index) => ({
        text: line.trim(),
        line: index + 1,
        bare: source.code.split("\n")[index]?.trim() ?? "",
      }))
      // Lines that only close something, import, or name one thing of a list are the same everywhere and say nothing.
      .filter(({ bare, text }) => /\w{2}/.test(bare) && !/^(?:import|export \{|\} from|(?:type )?\w+,$)/.test(text));
    let skipUntil = 0;
    for (let at = 0; at + WINDOW <= code.length; at++) {
      const run = code.slice(at, at + WINDOW);
      const key = run.map(({ text }) => text).join("\n");
      const place = `${path}:${run[0]?.line}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, place);
      else if (at >= skipUntil) {
        repeated.push(`${place} repeats ${first}`);
        skipUntil = at + WINDOW;
      }
    }
  }
  return repeated;
}

/** Every row, measured now. */
export function measure(): { readonly rows: readonly Row[]; readonly findings: readonly string[] } {
  const packages = readPackages();
  const files = packages.flatMap((one) => one.files);
  const sources = files.filter((file) => !file.isTest);
  const rigs = sourcesBelow("test");
  const sorted = sources.map((file) => lines(file.source.text)).sort((a, b) => a - b);
  const [median, p90, max] = [quantile(sorted, 0.5), quantile(sorted, 0.9), sorted.at(-1) ?? 0];
  const counted = sources.map(commentLines);
  const share =
    counted.reduce((sum, { comment }) => sum + comment, 0) /
    Math.max(
      1,
      counted.reduce((sum, { filled }) => sum + filled, 0),
    );
  const cases = trackedFiles().filter((path) => /^packages\/.*\.test\.ya?ml$/.test(path));
  const caseTexts = cases.map((path) => readFileSync(join(ROOT, path), "utf8"));
  const testLines =
    [...files.filter((file) => file.isTest), ...rigs].reduce((sum, file) => sum + lines(file.source.text), 0) +
    caseTexts.reduce((sum, text) => sum + lines(text), 0);
  const ratio =
    testLines /
    Math.max(
      1,
      sorted.reduce((sum, count) => sum + count, 0),
    );
  const anys = sources.flatMap((file) => matchesInCode(file.source, ANY).map(({ line }) => `${file.path}:${line}`));
  const bangs = sources.flatMap((file) => matchesInCode(file.source, BANG).map(({ line }) => `${file.path}:${line}`));
  const ignores = sources.flatMap((file) =>
    file.source.comments
      .filter(({ start, stop }) => file.source.text.slice(start, stop).includes("biome-ignore"))
      .map(() => file.path),
  );
  const casts = sources.map(castsOf);
  const bareCasts = casts.flatMap(({ bare }) => bare);
  const silent = sources.flatMap(undocumented);
  const copies = repeatedRuns(sources);
  const tests = [...files.filter((file) => file.isTest).map((file) => file.source.text), ...caseTexts].join("\n");
  const untestedReasons = Object.keys(DROP_REASONS).filter((reason) => !tests.includes(reason));
  const percent = Math.round(share * 100);
  const sum = casts.reduce((all, one) => all + one.all, 0);
  // Each suppression stands for one `any` that is explained beside it.
  const explainedAnys = anys.length <= ignores.length;
  const rows: Row[] = [
    { ask: "source files", bar: "–", value: String(sources.length), holds: true },
    {
      ask: "lines a file: median · p90 · max",
      bar: "≤ 110 · ≤ 300 · ≤ 500",
      value: `${median} · ${p90} · ${max}`,
      holds: median <= 110 && p90 <= 300 && max <= 500,
    },
    {
      ask: "share of lines that are comment",
      bar: "15–25 %",
      value: `${percent} %`,
      holds: percent >= 15 && percent <= 25,
    },
    { ask: "test lines to source lines", bar: "≥ 1", value: ratio.toFixed(1), holds: ratio >= 1 },
    {
      ask: "`any`, each with a suppression and its reason",
      bar: "0 bare",
      value: `${anys.length}`,
      holds: explainedAnys,
    },
    {
      ask: "`as`: all · without a comment why it is true",
      bar: "0 bare",
      value: `${sum} · ${bareCasts.length}`,
      holds: bareCasts.length === 0,
    },
    { ask: "non-null `!`", bar: "0", value: String(bangs.length), holds: bangs.length === 0 },
    { ask: "packages", bar: "≤ 20", value: String(packages.length), holds: packages.length <= 20 },
    { ask: "exported names without a contract", bar: "0", value: String(silent.length), holds: silent.length === 0 },
    {
      ask: `runs of ${WINDOW} lines that stand twice`,
      bar: "0",
      value: String(copies.length),
      holds: copies.length === 0,
    },
    {
      ask: "drop reasons: all · not named by a test",
      bar: "all tested",
      value: `${Object.keys(DROP_REASONS).length} · ${untestedReasons.length}`,
      holds: untestedReasons.length === 0,
    },
  ];
  return {
    rows,
    findings: [
      ...anys.map((place) => `any: ${place}`),
      ...bareCasts.map((place) => `as without a reason: ${place}`),
      ...bangs.map((place) => `non-null: ${place}`),
      ...silent.map((name) => `no contract: ${name}`),
      ...copies.map((copy) => `copy: ${copy}`),
      ...untestedReasons.map((reason) => `no test names the drop reason ${reason}`),
    ],
  };
}

/** The table as Markdown. */
export function renderTable(rows: readonly Row[]): string {
  const body = rows.map(({ ask, bar, value, holds }) => `| ${ask} | ${bar} | ${value} | ${holds ? "yes" : "no"} |`);
  return ["| ask | bar | now | holds |", "|---|---|---|---|", ...body].join("\n");
}

/** A page with the table between its marks replaced. Throws when the marks are missing. */
export function replaceTable(page: string, table: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/development.md needs the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${page.slice(end)}`;
}

/** The page as it is, and as it would be if it were written now. */
export function currentPage(): { readonly is: string; readonly should: string } {
  const is = readFileSync(PAGE, "utf8");
  return { is, should: replaceTable(is, renderTable(measure().rows)) };
}

if (import.meta.main) {
  const { rows, findings } = measure();
  writeFileSync(PAGE, replaceTable(readFileSync(PAGE, "utf8"), renderTable(rows)));
  console.log(renderTable(rows));
  for (const finding of findings) console.log(finding);
}
